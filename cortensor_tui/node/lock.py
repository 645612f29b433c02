"""One node a key: an advisory lock that the kernel drops when its holder dies, kill -9 included."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cortensor_tui.domain.problems import problem_error


class KeyLock:
    """Holds the lock of one address until closed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Path, address: str) -> KeyLock:
        """Take the lock. Raises `ProblemError` "key_in_use" when another node of this machine has it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / f"{address.lower()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise problem_error(
                "key_in_use",
                f"Another node is running with the key of {address}",
                f"process {holder} holds it" if holder.isdigit() else "it holds the key's lock",
                "Two nodes with one key would answer twice: stop that one first, or use another key",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return cls(descriptor)

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)
