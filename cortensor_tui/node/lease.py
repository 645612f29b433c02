"""One node a key: a lease that the kernel takes back when its holder dies, kill -9 included.

The lock is the file's advisory lock, not the file: what is written in it is for people. One lease is in the
user's state folder, so that two data folders cannot share a key; another is in the data folder, so that two
users cannot share one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import platformdirs
import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.node.network import profile_of
from cortensor_tui.node.paths import runtime_dir
from cortensor_tui.settings import Settings
from cortensor_tui.settings.private_folder import make_private_folder

log = structlog.get_logger(__name__)

MOST_LEASE_BYTES = 4096
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LeaseHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote itself into a lease; `started` is ISO 8601 in UTC."""

    pid: int
    host: str
    boot_id: str
    started: str
    data_dir: str

    def text(self) -> str:
        """Return the holder in words."""
        shown = (
            f"process {self.pid} on {self.host} since {self.started}, with the data folder {self.data_dir}"
        )
        return inert(shown, 500)


class KeyLease:
    """Holds one key until closed."""

    def __init__(self, descriptors: list[int]) -> None:
        self._descriptors = descriptors

    @classmethod
    def take(cls, settings: Settings, address: str, clock: Clock = SYSTEM_CLOCK) -> KeyLease:
        """Take a key for this node. Raises `ProblemError` "key_in_use" while another has it."""
        holder = LeaseHolder(
            pid=os.getpid(),
            host=socket.gethostname(),
            boot_id=_boot_id(),
            started=datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds"),
            data_dir=str(settings.data_dir),
        )
        lease = cls([])
        paths = (
            user_keys_folder() / f"{key_scope(settings, address)}.lease",
            make_private_folder(settings.data_dir / "keys") / f"{address.lower()}.lock",
        )
        earlier: list[LeaseHolder] = []
        try:
            for path in paths:
                descriptor, found = _lock(path, address, holder)
                lease._descriptors.append(descriptor)
                earlier += [found] if found is not None and found not in earlier else []
        except BaseException:
            lease.close()
            raise
        for one in earlier:
            log.warning("the last node with this key did not end in order", address=address, node=one.text())
        return lease

    def close(self) -> None:
        """Give the key back; an empty file says that it was given back in order."""
        for descriptor in self._descriptors:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)
        self._descriptors.clear()


def _lock(path: Path, address: str, holder: LeaseHolder) -> tuple[int, LeaseHolder | None]:
    """Return the locked file, and who is still written in it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:  # another user's file, most often
        raise problem_error(
            "lease_unusable",
            f"It cannot be told whether another node has the key of {address}",
            f"{path} cannot be opened: {error.strerror or error}",
            "Run one key's nodes as one user, and mend the rights of the folder",
        ) from error
    try:
        found = _read(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _in_use(address, found, path) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder) + b"\n", 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, found


def _read(descriptor: int) -> LeaseHolder | None:
    """Return who is written in the file, None for nobody or for what cannot be read."""
    try:
        return msgspec.json.decode(os.pread(descriptor, MOST_LEASE_BYTES, 0), type=LeaseHolder)
    except msgspec.MsgspecError:
        return None


def _in_use(address: str, found: LeaseHolder | None, path: Path) -> ProblemError:
    return problem_error(
        "key_in_use",
        f"Another node is running with the key of {address}",
        f"{found.text()} holds it" if found else f"it holds {path}",
        "Two nodes with one key would answer twice: stop that one first, or use another key",
    )


def key_scope(settings: Settings, address: str) -> str:
    """Return the name of what is held: a key on one chain. Local chains share their ids, not their places."""
    name = f"{address.lower()}-{settings.chain_id}"
    if profile_of(settings, settings.chain_id).is_local:
        name += "-" + hashlib.sha256(settings.rpc_urls[0].encode()).hexdigest()[:16]
    return name


def user_keys_folder() -> Path:
    """Return where this user's leases are, the same for every session and service of the user."""
    try:
        return make_private_folder(platformdirs.user_state_path("cortensor-tui") / "keys")
    except OSError:  # a service without a home
        return make_private_folder(runtime_dir() / "keys")


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
