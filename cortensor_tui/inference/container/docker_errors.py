"""How the Docker API can fail: no answer at all, or a no."""

from __future__ import annotations

import errno

from cortensor_tui.domain.inert import inert


class DockerError(Exception):
    """Anything that went wrong with the Docker API; its text is inert."""


class DockerUnreachableError(DockerError):
    """Nothing answered, or the connection broke. `errno` is the system's, None where it has none."""

    def __init__(self, why: str, errno_found: int | None = None) -> None:
        super().__init__(inert(why, 300))
        self.errno = errno_found

    @property
    def is_absent(self) -> bool:
        """Tell whether there is no such socket, or nobody behind it."""
        return self.errno in (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTSOCK)

    @property
    def is_forbidden(self) -> bool:
        """Tell whether this user may not open the socket."""
        return self.errno in (errno.EACCES, errno.EPERM)


class DockerRefusedError(DockerError):
    """The API answered with an error status; the text is its own message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(inert(message, 500) or f"status {status}")
        self.status = status
