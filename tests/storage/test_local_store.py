"""The local store: bytes come back as they were, or not at all."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.storage.local_store import MAX_PAYLOAD_BYTES, LocalStore
from cortensor_tui.storage.unixfs import file_id


def test_the_content_id_says_version_codec_and_hash() -> None:
    cid = str(file_id(b"hello world"))
    assert cid.startswith("bafkrei")
    decoded = base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    # CIDv1, raw, sha2-256, 32 bytes, and what `printf 'hello world' | sha256sum` says
    digest = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
    assert decoded.hex() == "01551220" + digest


@given(st.binary(max_size=2000))
def test_what_is_put_comes_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = LocalStore(tmp_path_factory.mktemp("store"))
    cid = store.put(data)
    assert store.put(data) == cid
    assert store.get(cid) == data


def test_a_payload_that_was_changed_is_refused(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    cid = store.put(b"the answer")
    (tmp_path / cid).write_bytes(b"another answer")
    with pytest.raises(ProblemError) as refused:
        store.get(cid)
    assert refused.value.problem.code == "payload_damaged"


@pytest.mark.parametrize("cid", ["../../etc/passwd", "", "bafkrei", "B" + "A" * 58])
def test_a_content_id_cannot_name_another_file(tmp_path: Path, cid: str) -> None:
    with pytest.raises(ProblemError) as refused:
        LocalStore(tmp_path).get(cid)
    assert refused.value.problem.code == "bad_cid"


def test_files_are_private_and_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    store = LocalStore(folder)
    cid = store.put(b"private")
    assert stat.S_IMODE((folder / cid).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(ProblemError) as refused:
        store.put(bytes(MAX_PAYLOAD_BYTES + 1))
    assert refused.value.problem.code == "payload_too_large"


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "payloads").write_text("a file where the folder should be")
    store = LocalStore(tmp_path / "payloads")
    assert not store.health().is_writable
    with pytest.raises(ProblemError) as refused:
        store.put(b"x")
    assert refused.value.problem.code == "store_unwritable"
