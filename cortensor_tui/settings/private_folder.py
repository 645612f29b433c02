"""Folders that only this user may enter."""

from __future__ import annotations

from pathlib import Path


def make_private_folder(folder: Path) -> Path:
    """Make the folder, mode 0700, with those above it that are missing; return it.

    `Path.mkdir` gives its mode to the last folder only. The XDG base directory specification asks for 0700
    of the others as well. Raises `OSError` as `Path.mkdir` does.
    """
    if not folder.is_dir():
        if folder.parent != folder:
            make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder
