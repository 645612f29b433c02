"""The devnet: its contracts, its oracle, and an ordinary client on it."""
