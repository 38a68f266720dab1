"""Trains models for the app, in a process of its own: the form, the process, what its run shows, the export."""
