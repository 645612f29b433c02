"""Engines behind HTTP: any server that speaks OpenAI's interface."""
