"""Readers of file formats that data sets are published in."""
