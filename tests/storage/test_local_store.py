"""The local store: bytes come back as they were, or not at all."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.storage.content_id import DAG_PB, RAW, block_id
from cortensor_tui.storage.local_store import MAX_PAYLOAD_BYTES, LocalStore
from cortensor_tui.storage.unixfs import CHUNK_BYTES, file_id


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


@given(st.binary(max_size=2000))
def test_what_is_put_is_found_by_both_versions_of_its_id(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    store = LocalStore(tmp_path_factory.mktemp("store"))
    store.put(data)
    for version in (0, 1):
        assert store.get(str(file_id(data, version))) == data


def test_a_payload_of_many_chunks_is_named_and_checked_as_one(tmp_path: Path) -> None:
    store, data = LocalStore(tmp_path), bytes(3 * CHUNK_BYTES + 1)
    cid = store.put(data)
    assert cid.startswith("bafybei")
    assert store.get(cid) == store.get(str(file_id(data, version=0))) == data
    with (tmp_path / cid).open("r+b") as file:
        file.seek(2 * CHUNK_BYTES)
        file.write(b"\x01")
    for name in (cid, str(file_id(data, version=0))):
        with pytest.raises(ProblemError) as refused:
            store.get(name)
        assert refused.value.problem.code == "payload_damaged"
        assert name in refused.value.problem.what


def test_a_large_payload_of_an_earlier_version_is_still_read(tmp_path: Path) -> None:
    data = bytes(2 * CHUNK_BYTES)
    name = str(block_id(data, RAW))  # one block, whatever its size
    (tmp_path / name).write_bytes(data)
    assert LocalStore(tmp_path).get(name) == data


def test_a_payload_that_was_cut_otherwise_is_found_by_the_id_it_was_asked_for_by(tmp_path: Path) -> None:
    store, data = LocalStore(tmp_path), b"What is asked?"
    asked_as = str(block_id(b"a tree of somebody else's that holds it", DAG_PB))
    cid = store.put(data, asked_as=asked_as)
    assert store.get(asked_as) == data
    assert store.id_of(asked_as, data) == asked_as
    (tmp_path / cid).write_bytes(b"changed")
    with pytest.raises(ProblemError) as refused:
        store.get(asked_as)
    assert refused.value.problem.code == "payload_damaged"


def test_a_damaged_payload_is_mended_by_putting_it_again(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    cid = store.put(b"the answer")
    (tmp_path / cid).write_bytes(b"another answer")
    assert store.put(b"the answer") == cid
    assert store.get(cid) == b"the answer"


def test_what_is_dropped_leaves_nothing_and_what_was_put_since_stays(tmp_path: Path) -> None:
    store, data = LocalStore(tmp_path), b"the prompt"
    asked_as = str(block_id(b"another tree", DAG_PB))
    store.put(data, asked_as=asked_as)
    put_at = (tmp_path / str(file_id(data))).stat().st_mtime
    assert not store.drop(asked_as, unused_since=put_at - 1)
    assert store.get(asked_as) == data
    assert store.drop(asked_as, unused_since=put_at + 1)
    assert list(tmp_path.iterdir()) == []
    assert not store.drop(asked_as, unused_since=put_at + 1)


def test_one_payload_put_by_many_at_once_is_put_once(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        for number in range(50):
            data = b"payload %d" % number
            asked_as = str(block_id(b"another tree of %d" % number, DAG_PB))
            puts = [threads.submit(store.put, data, asked_as) for _ in range(8)]
            assert {one.result() for one in puts} == {str(file_id(data))}
            assert store.get(asked_as) == data
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_payload_put_while_it_is_dropped_is_there_or_dropped_before(tmp_path: Path) -> None:
    store, data = LocalStore(tmp_path), b"Yes"
    cid = store.put(data)
    with ThreadPoolExecutor(2) as threads:
        for _ in range(100):
            os.utime(tmp_path / cid, (1.0, 1.0))
            dropping = threads.submit(store.drop, cid, 2.0)
            assert store.put(data) == cid
            dropping.result()
            assert store.get(cid) == data
    store.drop(cid, unused_since=time.time() + 60)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from cortensor_tui.storage.local_store import LocalStore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: LocalStore(Path(sys.argv[1])).put(bytes(1000))\n"
        "except Exception as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True).stdout
    assert f"The payload store {tmp_path} is full" in told
    assert "Free disk space" in told
    assert list(tmp_path.iterdir()) == []
