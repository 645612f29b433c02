"""Files cut as IPFS cuts them: what is encoded is decoded, and what is no file is refused."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.storage.content_id import DAG_PB, RAW, block_id, parse_content_id
from cortensor_tui.storage.unixfs import CHUNK_BYTES, file_id, is_file_of, read_block

HELLO_NODE = bytes.fromhex("0a110802120b68656c6c6f20776f726c64180b")  # `ipfs block get` of "hello world"


def test_a_leaf_of_version_0_is_read() -> None:
    node = read_block(block_id(HELLO_NODE, DAG_PB, version=0), HELLO_NODE, most_links=0)
    assert (node.data, node.links, node.file_bytes) == (b"hello world", (), 11)
    assert block_id(HELLO_NODE, DAG_PB, version=0) == file_id(b"hello world", version=0)


# Files of zeros, as js-ipfs 0.10.8 names them: around a chunk, and around 174 chunks, one node of links.
KNOWN = """\
1 QmS9JArPwa55ePgDnyg6TzX24mYTS1b1vLqWNebyVotKxQ zb2rhe4U4y1DATx1ZBKVdN9xc9JqUXP4dEw66K4GYai1YY9sa
262143 QmbNDspMkzkMFKyS3eCJGedG7GWRQHSCzJCZLjxP7wyVAx zb2rhczFpwLXpScZHeyhd6nzrCZt6SiTL5MMtD6aPGxbi4Ssh
262144 QmRk1rduJvo5DfEYAaLobS2za9tDszk35hzaNSDCJ74DA7 zb2rhfwrbRwhCBjEQSD6fgoPXqxnemY82Nk8TktxUZzQTVy1H
262145 QmbVuw4C4vcmVKqxoWtgDVobvcHrSn51qsmQmyxjk4sB2Q zdj7Wj7gtPF8KfVP2steidk1WyyYCjK6xUFsBvF1uwVxypNhP
524288 QmeBAFpC3fbNhVMsExM8uS23gKmiaPQJbNu5rFEKDGdhcW zdj7WkJgH2vQwoGeK8wdgXBgA1j4hqeDwcj92o7PnssS2ZYY1
45613055 QmeVKjzcHc8LoGzwT1ExSWxPws8xr7d7QPumhGQRjyx6pP zdj7WWAY3Wa5avaabzzK55LgnQjyZUFCFhSPzR2y7YBsDu5wU
45613056 QmY4HSz1oVGdUzb8poVYPLsoqBZjH6LZrtgnme9wWn2Qko zdj7WZAo3a7Ja5rzCqZafspNhExmoAD4FSt82tpCtnrbTrqD5
45613057 QmehMASWcBsX7VcEQqs6rpR5AHoBfKyBVEgmkJHjpPg8jq zdj7WmdY8qmcB3nsabtuKgot25HGtBTTrU5oxbFVFH3qpFJtr
"""


@pytest.mark.parametrize("line", KNOWN.splitlines())
def test_a_file_of_any_size_has_the_id_that_a_node_gives_it(line: str) -> None:
    size, version_0, version_1 = line.split()
    data = bytes(int(size))
    assert file_id(data, version=0) == parse_content_id(version_0)
    assert file_id(data) == parse_content_id(version_1)


def test_an_id_is_recognised_whichever_version_wrote_it() -> None:
    data = bytes(CHUNK_BYTES + 1)
    whole = block_id(data, RAW)  # one block, as earlier versions of this program named large payloads
    for content_id in (file_id(data), file_id(data, version=0), whole):
        assert is_file_of(content_id, data)
        assert not is_file_of(content_id, data + b"\0")


@given(st.binary(max_size=200))
def test_any_block_is_read_or_refused(block: bytes) -> None:
    content_id = block_id(block, DAG_PB)
    assert content_id.digest == hashlib.sha256(block).digest()
    with suppress(ValueError):  # and no other error
        assert len(read_block(content_id, block, most_links=100).data) <= len(block)


@pytest.mark.parametrize("kind", [1, 4, 5])
def test_what_is_no_file_says_what_it_is(kind: int) -> None:
    block = b"\x0a\x02\x08" + bytes([kind])
    with pytest.raises(ValueError, match="not a file"):
        read_block(block_id(block, DAG_PB), block, most_links=0)


@pytest.mark.parametrize("version", [0, 1])
def test_the_block_of_a_tree_is_not_the_file_that_it_is_of(version: int) -> None:
    tree = block_id(HELLO_NODE, DAG_PB, version)
    assert is_file_of(tree, b"hello world")
    assert not is_file_of(tree, HELLO_NODE)
