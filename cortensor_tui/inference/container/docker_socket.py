"""Where Docker listens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cortensor_tui.inference.container.problems import docker_host_unknown

DEFAULT_SOCKET = Path("/var/run/docker.sock")


def docker_socket(environ: Mapping[str, str]) -> Path:
    """Return the socket that DOCKER_HOST names, or where it is on most machines.

    Raises `ProblemError` where it names something else: the container must be on this machine.
    """
    value = environ.get("DOCKER_HOST", "").strip()
    if not value:
        return DEFAULT_SOCKET
    kind, _, path = value.partition("://")
    if kind != "unix" or not path:
        raise docker_host_unknown(value)
    return Path(path)
