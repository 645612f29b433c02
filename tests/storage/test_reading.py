"""Files that somebody built to do harm: a reader stops at its bounds, whatever a tree says."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.storage import unixfs
from cortensor_tui.storage.content_id import DAG_PB, RAW, ContentId, block_id
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.reading import MOST_BLOCKS, MOST_DEPTH, FileReader

MIB = 1024 * 1024


class Blocks:
    """Blocks by their ids, as a node would give them; `asked` counts."""

    def __init__(self) -> None:
        self.held: dict[ContentId, bytes] = {}
        self.asked: Counter[ContentId] = Counter()

    def leaf(self, data: bytes) -> ContentId:
        return self._keep(data, RAW)

    def node(self, *links: ContentId, told_bytes: int | None = None, data: bytes = b"") -> ContentId:
        file = _field(1, 2) + (_field(2, data) if data else b"")
        file += b"" if told_bytes is None else _field(3, told_bytes)
        return self._keep(
            b"".join(_field(2, _field(1, one.packed)) for one in links) + _field(1, file), DAG_PB
        )

    async def get(self, content_id: ContentId) -> bytes:
        self.asked[content_id] += 1
        return self.held[content_id]

    async def read(self, root: ContentId, most_bytes: int = MIB) -> bytes:
        return await FileReader("a node", self.get).read(root, most_bytes)

    def _keep(self, block: bytes, codec: int) -> ContentId:
        content_id = block_id(block, codec)
        self.held[content_id] = block
        return content_id


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + _varint(value >> 7)


async def refused(blocks: Blocks, root: ContentId, most_bytes: int = MIB) -> ProblemError:
    with pytest.raises(ProblemError) as error:
        await blocks.read(root, most_bytes)
    return error.value


@settings(deadline=None)
@given(st.recursive(st.binary(max_size=20), lambda below: st.lists(below, max_size=12), max_leaves=60))
async def test_a_tree_of_any_form_is_read_in_its_order(tree: object) -> None:
    blocks = Blocks()

    def built(part: object) -> tuple[ContentId, bytes]:
        if isinstance(part, bytes):
            return blocks.leaf(part), part
        assert isinstance(part, list)
        below = [built(one) for one in part]
        whole = b"first" + b"".join(data for _, data in below)
        return blocks.node(*(one for one, _ in below), told_bytes=len(whole), data=b"first"), whole

    root, data = built(tree)
    assert await blocks.read(root) == data


async def test_a_small_tree_that_unfolds_without_end_stops_at_the_limit() -> None:
    blocks = Blocks()
    top = blocks.leaf(bytes(1000))
    for _ in range(12):  # a thousand bytes, ten to the power of twelve times
        top = blocks.node(*[top] * 10)
    error = await refused(blocks, top)
    assert error.problem.code == problems.TOO_LARGE
    assert blocks.asked.total() < 2 * MIB / 1000


async def test_a_tree_of_empty_leaves_stops_at_its_number_of_blocks() -> None:
    blocks = Blocks()
    top = blocks.leaf(b"")
    for _ in range(6):
        top = blocks.node(*[top] * 10)
    error = await refused(blocks, top)
    assert str(MOST_BLOCKS) in error.problem.why
    assert blocks.asked.total() <= MOST_BLOCKS


FILE = b"\x08\x02"  # that it is a file
NUMBER = b"\x18\x00"  # a field of two bytes


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(_field(1, FILE + NUMBER * (MIB - 64)), id="in the file's words"),
        pytest.param(NUMBER * (MIB - 64) + _field(1, FILE), id="beside them"),
        pytest.param(_field(1, FILE) * (MIB // 3), id="many words"),
        pytest.param(_field(2, NUMBER * (MIB - 64)) + _field(1, FILE), id="in a link"),
    ],
)
async def test_a_block_of_meaningless_fields_is_not_read_to_its_end(
    block: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks, read = Blocks(), Counter[str]()
    root = blocks._keep(block, DAG_PB)
    read_varint = unixfs._read_varint

    def counted(message: bytes, at: int) -> tuple[int, int]:
        read["numbers"] += 1
        return read_varint(message, at)

    monkeypatch.setattr(unixfs, "_read_varint", counted)
    error = await refused(blocks, root, most_bytes=16 * MIB)
    assert error.problem.code == problems.NO_FILE
    assert read["numbers"] < 3 * MOST_BLOCKS


async def test_blocks_that_hold_nothing_are_counted_by_what_they_take() -> None:
    blocks = Blocks()
    empty = blocks._keep(_field(1, FILE + _field(9, bytes(MIB))), DAG_PB)
    error = await refused(blocks, blocks.node(*[empty] * 1000), most_bytes=16 * MIB)
    assert error.problem.code == problems.TOO_LARGE
    assert blocks.asked[empty] <= 24


async def test_links_are_counted_before_they_are_followed() -> None:
    blocks = Blocks()
    top = empty = blocks.leaf(b"")
    for _ in range(10):
        top = blocks.node(top, *[empty] * 5000)
    error = await refused(blocks, top, most_bytes=16 * MIB)
    assert str(MOST_BLOCKS) in error.problem.why
    assert blocks.asked.total() < 50, "three levels have too many together"


async def test_a_tree_that_is_only_deep_stops_too() -> None:
    blocks = Blocks()
    top = blocks.leaf(b"at last")
    for _ in range(MOST_DEPTH + 1):
        top = blocks.node(top)
    assert "deeper" in (await refused(blocks, top)).problem.why


async def test_a_size_that_is_told_smaller_than_it_is_helps_nobody() -> None:
    blocks = Blocks()
    root = blocks.node(*[blocks.leaf(random.Random(one).randbytes(1000)) for one in range(50)], told_bytes=1)
    error = await refused(blocks, root, most_bytes=20_000)
    assert error.problem.code == problems.TOO_LARGE
    assert blocks.asked.total() < 50


async def test_a_wrong_block_deep_in_a_file_is_found_and_nothing_after_it_asked_for() -> None:
    blocks = Blocks()
    leaves = [blocks.leaf(bytes([one]) * 100) for one in range(60)]
    root = blocks.node(*leaves)
    blocks.held[leaves[20]] = b"something else"
    error = await refused(blocks, root)
    assert error.problem.code == problems.OTHER_BYTES
    assert str(leaves[20]) in error.problem.what
    assert leaves[30] not in blocks.asked


async def test_a_directory_is_no_text() -> None:
    blocks = Blocks()
    root = blocks._keep(_field(1, _field(1, 1)), DAG_PB)
    error = await refused(blocks, root)
    assert (error.problem.code, "a directory" in error.problem.why) == (problems.NO_FILE, True)
