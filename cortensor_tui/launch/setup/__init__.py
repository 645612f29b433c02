"""Setting up a node: probes of what is typed, the files that come of it, and a settings file that exists."""
