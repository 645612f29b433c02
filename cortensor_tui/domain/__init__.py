"""Frozen types that every room speaks. No I/O, and nothing heavy to import."""
