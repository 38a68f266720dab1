"""The app's tabs, one folder each."""
