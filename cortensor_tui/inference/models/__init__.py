"""Model files: what their headers say, and where they come from."""
