"""Evaluation of a trained model: metrics on the test split, plots, the likelihood bound, holes."""
