"""Modules of other people: copied, tried, and given the inputs and outputs of Diabolo's graphs."""
