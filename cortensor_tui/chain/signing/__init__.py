"""Keys, and what they may sign."""
