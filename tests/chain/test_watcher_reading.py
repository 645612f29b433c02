"""What a look asks of the endpoint: few requests, ranges that it takes, and no more history than needed."""

from __future__ import annotations

import pytest

from cortensor_tui.chain.watching.watcher import OVERLAP_BLOCKS
from tests.chain.watching import Watching, misbehave, ours


async def test_without_logs_the_head_is_told_and_the_cursor_stays() -> None:
    watching = Watching()
    await watching.look()
    before = watching.journal().cursor.read()
    misbehave(watching.chain, "no logs")
    await watching.mine([["o"]])
    assert await watching.look() is None, "the look that found out"
    for _ in range(3):
        look = await watching.look()
        assert look is not None
        assert look.trouble is not None
        assert look.head.number == len(watching.chain.blocks) - 1
        assert watching.journal().cursor.read() == before
    misbehave(watching.chain, "none")
    await watching.look()
    assert watching.net() == watching.on_chain()


async def test_a_log_left_out_at_first_is_found_later() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.lie = lambda logs: []
    watching.chain.mine(ours(1))
    for _ in range(OVERLAP_BLOCKS // 2 - 1):
        watching.chain.mine()
        assert (await watching.look()) is not None
    watching.chain.lie = list
    look = await watching.look()
    assert look is not None
    assert [event.task_id for event in look.events] == [1]


async def test_a_quiet_look_is_one_request() -> None:
    watching = Watching()
    await watching.look()
    await watching.look()
    for _ in range(5):
        watching.chain.mine(ours(watching.chain.requests))
        before = watching.chain.requests
        await watching.look()
        assert watching.chain.requests == before + 1


async def test_a_look_without_a_new_block_does_not_narrow_the_ranges() -> None:
    watching = Watching()
    watching.chain.refuses_ahead = True
    for _ in range(3):
        await watching.look()
    watching.chain.mine(ours(1))
    await watching.look()
    for number in range(2, 12):
        watching.chain.mine(ours(number))
        before = watching.chain.requests
        await watching.look()
        assert watching.chain.requests == before + 1
    assert [event.task_id for event in watching.delivered] == list(range(1, 12))


async def test_a_quiet_look_is_one_request_where_ranges_are_narrow() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.most_span = 10
    for number in range(1, 41):
        watching.chain.mine(ours(number))
    await watching.look()
    before = watching.chain.requests
    for number in range(41, 241):
        watching.chain.mine(ours(number))
        await watching.look()
    # one each, the size tried again now and then, and what the wider overlap of before is still owed
    assert watching.chain.requests - before < 250
    assert [event.task_id for event in watching.delivered] == list(range(1, 241))


@pytest.mark.parametrize("most_span", [1, 3, 10])
async def test_an_endpoint_with_narrow_ranges_is_read_to_the_end(most_span: int) -> None:
    watching = Watching()
    await watching.look()
    watching.chain.most_span = most_span
    for number in range(1, 101):
        watching.chain.mine(ours(number))
    looks = 0
    while len(watching.delivered) < 100:
        await watching.look()
        looks += 1
        assert looks < 60
    assert [event.task_id for event in watching.delivered] == list(range(1, 101))
    watching.chain.mine(ours(101))
    await watching.look()
    assert watching.delivered[-1].task_id == 101


async def test_far_behind_is_a_gap_and_no_history() -> None:
    watching = Watching(span_blocks=4)
    await watching.look()
    for number in range(1, 40):
        watching.chain.mine(ours(number))
    look = await watching.look()
    assert look is not None
    assert (look.is_gap, look.events, look.cursor.block_number) == (True, (), 39)
    watching.chain.mine(ours(40))
    look = await watching.look()
    assert look is not None
    assert [event.task_id for event in look.events] == [40]
