"""Where payloads are kept, by the hash of their bytes."""
