"""Trains models for the app, in a process of its own: what can be chosen, the process, what its run shows."""
