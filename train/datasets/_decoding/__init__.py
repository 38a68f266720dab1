"""Image files to arrays: decoding, resizing, and the processes that do it for a whole folder."""
