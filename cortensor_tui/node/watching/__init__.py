"""The node without a key: it shows what an address does on chain, and signs nothing."""
