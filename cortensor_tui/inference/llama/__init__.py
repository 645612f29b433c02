"""llama.cpp in a child process: its life, what is said to it, and what runs inside it."""
