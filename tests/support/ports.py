"""Ports that stay ours while nobody listens on them."""

from __future__ import annotations

import random
import socket

# Below what systems hand out for outgoing connections and for port 0: those would take one that is down.
_FIRST, _LAST = 15_000, 32_000


def lasting_port() -> int:
    """Return a free port for something that goes down and must come back on the same one."""
    for port in random.SystemRandom().sample(range(_FIRST, _LAST), 1000):
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port between {_FIRST} and {_LAST}")
