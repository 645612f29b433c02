"""The node's own log: the newest lines in memory, older ones in its files, asked for page by page."""
