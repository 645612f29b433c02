"""Widgets that draw line by line and send only what changed."""
