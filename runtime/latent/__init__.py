"""The latent space of a model: how its codes are distributed, and ways to draw, walk, project and judge."""
