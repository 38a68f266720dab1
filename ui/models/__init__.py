"""The app's models: ready-made or given ones, those that visitors upload, and what is computed of them."""
