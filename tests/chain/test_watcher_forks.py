"""Whatever the chain and its endpoint do: what was delivered, less what was taken back, is on the chain."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.chain.watching.watcher import PUBLIC_SHORTER_PATIENCE_S, SHORTER_PATIENCE_S
from tests.chain.forking_chain import NODE
from tests.chain.watching import Watching, ours, theirs

BLOCKS = st.lists(st.lists(st.sampled_from("ot"), max_size=3), min_size=1, max_size=5)
DEEDS = st.one_of(
    st.tuples(st.just("mine"), BLOCKS),
    st.tuples(st.just("reorganise"), st.integers(1, 12), BLOCKS),
    st.tuples(st.just("shorten"), st.integers(1, 6)),
    st.tuples(st.just("look_often"), st.integers(1, 3)),
    st.tuples(st.just("look_at_one_that_lags")),
    st.tuples(st.just("wait")),
    st.tuples(st.just("restart")),
    st.tuples(
        st.just("misbehave"), st.sampled_from(["silent", "no logs", "refused", "double", "odd", "none"])
    ),
)


@settings(deadline=None)
@given(st.lists(DEEDS, max_size=30))
def test_what_was_delivered_is_on_the_chain(deeds: list[tuple[Any, ...]]) -> None:
    asyncio.run(_play(deeds))


async def _play(deeds: list[tuple[Any, ...]]) -> None:
    watching = Watching()
    await watching.look()
    for name, *details in deeds:
        await getattr(watching, name)(*details)
    await watching.catch_up()
    if watching.jumps == 1:  # the first look; with another one, state tells what events cannot
        assert watching.net() == watching.on_chain()
    else:
        assert watching.net() <= watching.on_chain()


async def test_what_one_that_lagged_left_out_is_found_after_a_silence() -> None:
    for trouble in ("no logs", "refused"):
        await _play(
            [("mine", [["o"]]), ("look_at_one_that_lags",), ("misbehave", trouble), ("look_often", 3)]
        )
        await _play(
            [
                ("mine", [["o"]]),
                ("look_at_one_that_lags",),
                ("misbehave", trouble),
                ("look_often", 3),
                ("misbehave", "none"),
                ("look_at_one_that_lags",),
                ("mine", [["o"]]),
                ("look_often", 1),
            ]
        )


async def test_events_come_in_the_chains_order() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.lie = lambda logs: list(reversed(logs))
    for number in range(1, 10, 3):
        watching.chain.mine(ours(number), theirs(number + 1), ours(number + 2))
    look = await watching.look()
    assert look is not None
    assert [event.task_id for event in look.events] == [1, 3, 4, 6, 7, 9]
    assert [event.nodes[1] for event in look.events] == [NODE] * 6


async def test_what_was_taken_back_comes_first_and_newest_first() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine(ours(1))
    watching.chain.mine(ours(2), ours(3))
    await watching.look()
    watching.chain.drop(2)
    watching.chain.mine(ours(3))
    watching.chain.mine(ours(4))
    look = await watching.look()
    assert look is not None
    assert look.is_reorganised
    assert not look.is_gap
    told = [(event.task_id, event.is_removed) for event in look.events]
    assert told == [(3, True), (2, True), (1, True), (3, False), (4, False)]


async def test_a_reorganisation_that_was_not_handled_is_told_again() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine(ours(1))
    await watching.look()
    watching.chain.drop(1)
    watching.chain.mine(ours(2))
    first = await watching.watcher.look()
    assert first.events == (await watching.watcher.look()).events
    assert len(first.events) == 2


async def test_an_endpoint_that_lags_takes_nothing_back_at_once() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine()
    watching.chain.mine(ours(1))
    await watching.look()
    newest = watching.chain.blocks[-1]
    watching.chain.drop(1)
    look = await watching.look()
    assert look is not None
    assert (look.head.number, look.events) == (1, ())
    watching.chain.blocks.append(newest)
    watching.clock.pass_s(10 * SHORTER_PATIENCE_S)
    look = await watching.look()
    assert look is not None
    assert look.events == ()
    watching.chain.drop(1)
    await watching.look()
    watching.clock.pass_s(2 * SHORTER_PATIENCE_S)
    look = await watching.look()
    assert look is not None
    assert [(event.task_id, event.is_removed) for event in look.events] == [(1, True)]


async def test_a_public_chain_that_is_shorter_is_waited_for() -> None:
    watching = Watching(shorter_patience_s=PUBLIC_SHORTER_PATIENCE_S)
    await watching.look()
    await watching.mine([["o"], ["o"], ["o"]])
    await watching.look()
    await watching.shorten(2)
    await watching.look()
    watching.clock.pass_s(PUBLIC_SHORTER_PATIENCE_S)
    await watching.look()
    assert len(watching.delivered) == 3
    watching.clock.pass_s(1)
    await watching.look()
    assert [event.is_removed for event in watching.delivered] == [False] * 3 + [True] * 2


async def test_a_head_beyond_reason_passes() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine(ours(1))
    await watching.look()
    told = watching.chain.blocks[-1]
    told.number = 2**62
    await watching.look()
    told.number = 1
    await watching.catch_up()
    watching.chain.mine(ours(2))
    await watching.look()
    assert watching.delivered[-1].task_id == 2


async def test_a_reorganisation_beyond_what_is_remembered_is_a_gap() -> None:
    watching = Watching()
    for number in range(1, 6):
        watching.chain.mine(ours(number))
    await watching.look()
    watching.chain.mine(ours(6))
    await watching.look()
    watching.chain.drop(4)
    for number in range(7, 14):
        watching.chain.mine(ours(number))
    look = await watching.look()
    assert look is not None
    assert (look.is_gap, look.is_reorganised) == (True, True)
    assert [(event.task_id, event.is_removed) for event in look.events] == [(6, True)]
