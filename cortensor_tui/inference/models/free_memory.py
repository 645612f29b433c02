"""How much memory this process may still take: the machine's, or what its control group leaves of it."""

from __future__ import annotations

from pathlib import Path

import psutil

_MOUNT = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
# Version 2 of control groups, then version 1: limit, usage, and the names in memory.stat of what the kernel
# drops when memory is short, such as the pages of a model that was loaded before.
_FILES = (
    ("memory.max", "memory.current", ("active_file", "inactive_file")),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file")),
)


def free_memory_bytes() -> int:
    """Return what can be taken now without swapping, within every limit that holds for this process."""
    free = int(psutil.virtual_memory().available)
    left = group_free_bytes()
    return free if left is None else min(free, left)


def group_free_bytes(mount: Path = _MOUNT, own_groups: Path = _OWN_GROUPS) -> int | None:
    """Return what the process's control group and those around it leave; None where none has a limit."""
    left = [found for folder in _folders(mount, own_groups) if (found := _left_in(folder)) is not None]
    return min(left, default=None)


def _folders(mount: Path, own_groups: Path) -> list[Path]:
    """Return the folders of our groups and of all around them; a container sees its own as the root."""
    try:
        lines = own_groups.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    folders: dict[Path, None] = {}
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers not in ("", "memory"):
            continue
        root = mount / controllers
        group = root / path.lstrip("/")
        around = [one for one in group.parents if one.is_relative_to(root)]
        folders |= dict.fromkeys((group, *around))
    return list(folders)


def _left_in(folder: Path) -> int | None:
    for limit_name, usage_name, droppable_names in _FILES:
        try:
            limit = int((folder / limit_name).read_text("ascii"))
            usage = int((folder / usage_name).read_text("ascii"))
            stat = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
            droppable = sum(int(stat.get(name, 0)) for name in droppable_names)
        except (OSError, ValueError):
            continue  # not this version, or "max": no limit
        return max(0, limit - usage + droppable)
    return None
