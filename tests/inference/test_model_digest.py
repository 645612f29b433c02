"""A model file's digest is computed once, and again when the file is another."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from cortensor_tui.inference.models import digest
from cortensor_tui.inference.models.digest import DigestGivenUp, file_sha256, known_sha256


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was read of files, chunk by chunk."""
    chunks: list[bytes] = []

    class Told:
        def __init__(self) -> None:
            self._real = hashlib.sha256()

        def update(self, chunk: bytes) -> None:
            chunks.append(chunk)
            self._real.update(chunk)

        def hexdigest(self) -> str:
            return self._real.hexdigest()

    class Hashes:
        sha256 = Told

    monkeypatch.setattr(digest, "hashlib", Hashes)
    return chunks


def test_a_file_is_read_once(tmp_path: Path, reads: list[bytes]) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    expected = hashlib.sha256(b"weights").hexdigest()
    assert [file_sha256(path) for _ in range(3)] == [expected] * 3
    assert reads == [b"weights"]


def test_a_changed_file_is_read_again(tmp_path: Path, reads: list[bytes]) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    file_sha256(path)
    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(1, 1))
    assert known_sha256(path) is None
    assert file_sha256(path) == hashlib.sha256(b"WEIGHTS").hexdigest()
    assert reads == [b"weights", b"WEIGHTS"]


@pytest.mark.parametrize(
    "noise",
    [b"", b"{}", b"[1]", b"\xff", b'{"sha256":7,"file_bytes":7}', b'{"sha256":"\xff","file_bytes":7}'],
)
def test_a_note_that_is_none_is_passed_over(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    (tmp_path / "a.gguf.sha256.json").write_bytes(noise)
    assert file_sha256(path) == hashlib.sha256(b"weights").hexdigest()
    assert known_sha256(path) is not None


def test_a_digest_that_is_no_longer_wanted_is_not_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    with pytest.raises(DigestGivenUp):
        file_sha256(path, lambda: True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.gguf"]


def test_a_folder_that_takes_no_note_costs_only_time(tmp_path: Path, reads: list[bytes]) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    (tmp_path / "a.gguf.sha256.json").mkdir()  # holds for root too, whom no mode keeps out
    expected = hashlib.sha256(b"weights").hexdigest()
    assert [file_sha256(path) for _ in range(2)] == [expected] * 2
    assert reads == [b"weights", b"weights"]
