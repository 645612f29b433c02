"""Run a Cortensor dedicated ephemeral node and watch it live in the terminal."""

__version__ = "0.1.0"
