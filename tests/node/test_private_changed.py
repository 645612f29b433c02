"""Which sessions are private is changed while the node runs: it holds at once, for every connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.history_messages import GetTask
from cortensor_tui.node.live_messages import InferenceStarted, TokensStreamed
from cortensor_tui.node.messages import Attach, Reveal, Snapshot
from cortensor_tui.settings.model import PrivateSessions

from .test_private import OPEN, PRIVATE, SECRET, Served, Wire, fill, running, tokens

ONE = PrivateSessions(frozenset({PRIVATE}))
NONE = PrivateSessions()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A node of which nothing is private yet."""
    served = Served(tmp_path, NONE)
    await served.server.start(served.commands, served.viewers)
    yield served
    served.server.stop_listening()
    await served.server.hang_up()


@pytest.fixture
async def attached(served: Served) -> AsyncIterator[list[Wire]]:
    """Two who follow the node, and have seen all there is."""
    fill(served.hub, PRIVATE)
    wires = [await Wire.open(served.commands) for _ in range(2)]
    for wire in wires:
        wire.send(Attach())
        await wire.read()
        assert wire.has_payload
        wire.forget()
    yield wires
    for wire in wires:
        wire.close()


async def test_a_session_that_becomes_private_is_hidden_from_all_at_once(
    served: Served, attached: list[Wire]
) -> None:
    served.hub.publish(tokens(PRIVATE, 5))  # waits to be sent while the setting changes
    served.server.take_private(ONE)
    served.hub.publish(tokens(PRIVATE, 6))
    for wire in attached:
        waiting, anew, next_one = [await wire.read() for _ in range(3)]
        assert isinstance(waiting, TokensStreamed)
        assert isinstance(anew, Snapshot)
        assert isinstance(next_one, TokensStreamed)
        assert anew.tasks[0].is_hidden
        assert anew.sessions[0].is_private
        assert anew.live is not None
        assert anew.live.is_hidden
        assert next_one.token_count == 6
        await wire.ask(GetTask(key=TaskKey(PRIVATE, 0)))
        assert not wire.has_payload


async def test_who_comes_after_the_change_gets_nothing_either(served: Served) -> None:
    served.server.take_private(ONE)
    fill(served.hub, PRIVATE)
    wire = await Wire.open(served.commands)
    wire.send(Attach())
    await wire.read()
    assert not wire.has_payload
    wire.close()


async def test_a_session_that_is_private_no_more_is_told_whole(served: Served, attached: list[Wire]) -> None:
    wire = attached[0]
    served.server.take_private(ONE)
    hidden = await wire.read()
    served.server.take_private(NONE)
    whole = await wire.read()
    assert isinstance(hidden, Snapshot)
    assert isinstance(whole, Snapshot)
    assert [hidden.tasks[0].is_hidden, whole.tasks[0].is_hidden] == [True, False]
    assert SECRET in whole.tasks[0].prompt


async def test_a_reveal_does_not_outlast_the_session_s_being_private(
    served: Served, attached: list[Wire]
) -> None:
    wire = attached[0]
    served.server.take_private(ONE)
    await wire.ask(Reveal(session_id=PRIVATE))
    served.server.take_private(PrivateSessions(frozenset({PRIVATE, OPEN})))
    await wire.ask(GetTask(key=TaskKey(PRIVATE, 0)))
    assert wire.has_payload, "it was private all the while"
    served.server.take_private(NONE)
    served.server.take_private(ONE)
    wire.forget()
    await wire.ask(GetTask(key=TaskKey(PRIVATE, 0)))
    assert not wire.has_payload


async def test_a_change_that_is_none_says_nothing(served: Served, attached: list[Wire]) -> None:
    served.server.take_private(NONE)
    served.hub.publish(InferenceStarted(running(OPEN)))
    assert isinstance(await attached[0].read(), InferenceStarted)


async def test_each_change_is_a_line_of_the_audit(served: Served) -> None:
    with capture_logs() as logged:
        served.server.take_private(ONE)
        served.server.take_private(ONE)
        served.server.take_private(NONE)
    assert [line["sessions"] for line in logged] == [str(PRIVATE), "none"]
