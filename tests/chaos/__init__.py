"""Seeded random runs of faults against a real node on a real chain: `make chaos RUNS=N SEED=S`."""
