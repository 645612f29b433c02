"""Folders for keys, journals and logs are closed to others, and so are those made on the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cortensor_tui.settings.private_folder import make_private_folder


@pytest.fixture
def _open_umask() -> None:
    os.umask(0o022)


@pytest.mark.usefixtures("_open_umask")
def test_every_folder_on_the_way_is_private(tmp_path: Path) -> None:
    folder = make_private_folder(tmp_path / "state" / "cortensor-tui" / "keys")
    for made in (folder, folder.parent, folder.parent.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert make_private_folder(tmp_path) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_in_the_way_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(OSError, match="state"):
        make_private_folder(tmp_path / "state" / "keys")
