"""Speaks JSON-RPC to one endpoint: bounded requests, typed errors."""
