"""What a miner does: which tasks it takes, and how it brings one from assignment to its end."""
