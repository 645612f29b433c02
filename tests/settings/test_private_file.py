"""Files with secrets: who may read them, and that they are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.settings.private_file import read_private_file, write_private_file


def refusal(path: Path, **given: bool) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        read_private_file(path, "The keystore", 100, **given)
    return caught.value


@pytest.fixture
def private(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_bytes(b"content")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_read(private: Path, mode: int) -> None:
    private.chmod(mode)

    assert read_private_file(private, "The keystore", 7) == b"content"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_that_others_can_reach_is_refused_with_the_command_that_mends_it(
    private: Path, mode: int
) -> None:
    private.chmod(mode)

    problem = refusal(private).problem

    assert problem.code == "private_file_unsafe"
    assert f"{mode:04o}" in problem.why
    assert problem.remedy == f"Run: chmod 600 {private}"


def test_a_credential_s_mode_is_systemd_s_business(private: Path) -> None:
    private.chmod(0o440)

    assert read_private_file(private, "The password file", 100, is_credential=True) == b"content"


def test_links_folders_pipes_and_big_files_are_refused(private: Path, tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(private)
    os.mkfifo(pipe, 0o600)

    assert "symbolic link" in refusal(link).problem.why
    assert "no plain file" in refusal(tmp_path).problem.why
    assert "no plain file" in refusal(pipe).problem.why
    private.write_bytes(b"x" * 101)
    assert "bigger than 100 bytes" in refusal(private).problem.why
    assert refusal(tmp_path / "absent").problem.code == "private_file_missing"


def test_a_file_is_written_for_its_owner_alone_and_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    before = os.umask(0)
    try:
        write_private_file(path, b"first", may_replace=False)
    finally:
        os.umask(before)
    with pytest.raises(ProblemError) as caught:
        write_private_file(path, b"second", may_replace=False)

    assert caught.value.problem.code == "file_exists"
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_private_file(path, b"third", may_replace=True)
    assert path.read_bytes() == b"third"
    assert os.listdir(tmp_path) == ["new.json"]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        write_private_file(tmp_path / "no" / "file", b"", may_replace=False)

    assert caught.value.problem.code == "private_file_unwritable"
