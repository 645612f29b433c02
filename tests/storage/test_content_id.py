"""Content ids are those that IPFS nodes give, and what is none is told apart."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.storage.content_id import (
    DAG_PB,
    RAW,
    ContentId,
    addressed_content_id,
    block_id,
    parse_content_id,
    unpack_content_id,
)
from cortensor_tui.storage.unixfs import file_id

# As Kubo's `ipfs add --only-hash` and its documentation have them.
KNOWN = [
    (b"", "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
    (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    (b"hello world", "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"),
    (b"hello world\n", "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"),
    (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
]
content_ids = st.builds(block_id, st.binary(max_size=64), st.sampled_from([RAW, DAG_PB])) | st.builds(
    lambda block: block_id(block, DAG_PB, version=0), st.binary(max_size=64)
)


@pytest.mark.parametrize(("data", "cid"), KNOWN)
def test_a_file_has_the_id_that_ipfs_gives_it(data: bytes, cid: str) -> None:
    assert str(file_id(data, version=0 if cid.startswith("Qm") else 1)) == cid


@given(content_ids)
def test_an_id_that_is_written_is_read_back(content_id: ContentId) -> None:
    assert parse_content_id(str(content_id)) == content_id
    assert unpack_content_id(content_id.packed) == content_id


@given(content_ids, st.data())
def test_an_id_with_another_letter_is_never_the_same_id(content_id: ContentId, data: st.DataObject) -> None:
    text = str(content_id)
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("abQ2z1B-"))
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        with suppress(ValueError):
            assert parse_content_id(changed) != content_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "Qm",
        "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQ0",  # 0 is no letter of base58
        "bafkrei",
        "BAFKREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU",
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykv",  # bits after the end
        "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",  # dag-cbor
        "../../etc/passwd",
    ],
)
def test_what_is_no_id_of_a_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it"):
        parse_content_id(text)


CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (CID, CID),
        (f"ipfs://{CID}", CID),
        (f"ipfs://{CID}/", CID),
        (f"ipfs://ipfs/{CID}", CID),
        (f"/ipfs/{CID}\n", CID),
        ("QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
        ("ipfs://zb2rhmy65F3REf8SZp7De11gxtECBGgUKaLdiDj7MCGCHxbDW", CID),  # the same in base58
        (f"What is at ipfs://{CID}?", None),
        (f"ipfs://{CID}/a/file", None),
        (f"ipfs://{CID[:-1]}", None),
        ("ipfs://", None),
        ("Is it?", None),
        ("", None),
    ],
)
def test_a_task_names_a_payload_only_with_the_whole_of_its_data(data: str, found: str | None) -> None:
    assert addressed_content_id(data) == found
