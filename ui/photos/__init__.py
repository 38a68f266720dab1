"""Photographs at their own size: shown before and after, computed in tiles, stopped and downloaded.

`PhotoDesk` is what a tab places for models of any size.
"""
