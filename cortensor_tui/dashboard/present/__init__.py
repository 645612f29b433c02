"""From the node's view to lines and rows: pure functions, each of a view and a time."""
