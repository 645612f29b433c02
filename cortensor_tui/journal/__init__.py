"""What the node must not forget, in SQLite, written and synced before it acts."""
