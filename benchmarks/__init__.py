"""Measurements, made by hand: `python -m benchmarks.NAME`. Their figures stand in docs/benchmarks.md."""
