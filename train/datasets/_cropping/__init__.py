"""Pictures at their own size: decoded once, drawn from in square crops, and paired with noisy copies."""
