"""A model server in a container of ours: the Docker API, the container's life, and the engine it makes."""
