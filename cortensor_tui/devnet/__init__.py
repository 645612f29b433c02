"""A local chain with our own contracts behind the public Cortensor interface, and its oracle."""
