"""Tests of the devnet's chains: the embedded one behind HTTP, and anvil."""
