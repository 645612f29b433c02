"""IPFS nodes, asked over their HTTP RPC: what is fetched is checked, what is delivered is read back."""
