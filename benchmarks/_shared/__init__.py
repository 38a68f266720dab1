"""What benchmarks share: runs, tables, visitors, and the other side of each contest."""
