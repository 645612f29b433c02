"""The command line: one file a group of commands; prints for people, or JSON."""
