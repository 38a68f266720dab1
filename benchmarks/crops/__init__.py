"""Benchmarks of training on crops of photographs."""
