"""Which network this is: profiles, the contracts' generation, and where they are."""
