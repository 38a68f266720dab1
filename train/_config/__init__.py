"""What `Config` is made with: help texts, defaults, and which settings go together."""
