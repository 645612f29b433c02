"""The engine protocol and the engines behind it. Kept empty: a child process starts from here."""
