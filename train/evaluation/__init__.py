"""How good a trained model is: figures on the test split, plots, the likelihood bound, holes."""
