"""What happens on the chain: the head, events each once and in order, reorganisations."""
