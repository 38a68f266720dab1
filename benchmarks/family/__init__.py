"""The variants, each against what it must reach."""
