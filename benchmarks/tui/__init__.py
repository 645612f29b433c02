"""Measures the dashboard from outside: as its terminal sees it, and as the system counts it."""
