"""The test suite; what is real is used real, and random parts print their seed."""
