"""Models that take images of any size: what they need to know of them, and proofs that it is right."""
