"""Files of the app: those that clients upload, those that it serves, their folder and their names."""
