"""Measures what the program promises: decode speed, time to the ack, start of the command line."""
