"""Who looked at what is private: a line in the node's log for each time, at every level of logging."""

from __future__ import annotations

import logging
import socket
import struct

import msgspec
import structlog

LOGGER = "cortensor_tui.audit"
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Peer(msgspec.Struct, frozen=True):
    """Which process connected to a Unix socket; None where the system does not tell."""

    pid: int | None = None
    uid: int | None = None


def peer_of(connection: socket.socket | None) -> Peer:
    """Return who has connected, as the kernel says."""
    option = getattr(socket, "SO_PEERCRED", None)
    if connection is None or option is None:
        return Peer()
    try:
        told = connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    except OSError:
        return Peer()
    pid, uid, _ = _CREDENTIALS.unpack(told)
    return Peer(pid or None, uid)  # pid 0: a process of another namespace


def note_reveal(peer: Peer, session_id: int) -> None:
    """Log that someone was given a private session's prompts and answers."""
    _logger().info("a private session was revealed", session=session_id, pid=peer.pid, uid=peer.uid)


def note_private(sessions: str) -> None:
    """Log that other sessions are private from now on: those that no longer are may be read by all."""
    _logger().info("private sessions were changed", sessions=sessions or "none")


def _logger() -> structlog.stdlib.BoundLogger:
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)  # whatever else is logged
    return structlog.wrap_logger(logger, wrapper_class=structlog.stdlib.BoundLogger)  # type: ignore[no-any-return]
