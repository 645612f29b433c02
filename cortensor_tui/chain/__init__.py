"""Everything between this node and the chain."""
