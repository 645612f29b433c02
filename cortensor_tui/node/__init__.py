"""The background worker: service and socket server, and the client's side of the socket."""
