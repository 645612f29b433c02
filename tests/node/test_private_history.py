"""A real past over the node's sockets: of what is private nothing is told or found that was not asked for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder
from cortensor_tui.domain.task_filter import HasText, SessionIs, StageIs, TaskFilter, Term
from cortensor_tui.domain.tasks import Stage, TaskCursor, TaskKey
from cortensor_tui.journal.journal import Journal
from cortensor_tui.node.call_messages import GetCall
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.history_messages import (
    LEAST_NUMBER,
    OLDEST_TASK,
    GetTask,
    GetTasks,
    GetTransactions,
    Tasks,
)
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.messages import ReplyBody, RequestBody, Reveal
from cortensor_tui.settings.model import PrivateSessions
from cortensor_tui.storage.local_store import LocalStore
from tests.journal.past import NOW, write_past
from tests.support.clock import StandingClock

from .scripted import status
from .test_private import ASKED, Wire

PRIVATE, OPEN = 1, 0
PROMPT, ANSWER = "a cormorant dives", "because herrings do"
ANSWER_HEX = ANSWER.encode().hex()
SESSIONS, TASKS, TRANSACTIONS = 3, 60, 90
MAKES_PAYLOADS = "what comes back is what the asker itself has sent"
NO_PAYLOADS = "names, numbers, addresses and settings"

UNASKED: dict[str, str] = {
    **dict.fromkeys(("Attach", "Reveal"), "what it brings is tested beside it"),
    **dict.fromkeys(("CheckAct", "CheckSigned", "SendSigned"), MAKES_PAYLOADS),
    **dict.fromkeys(
        (
            *("GetStatus", "GetSessions", "GetNetwork", "Stop"),
            *("GetSettings", "CheckSetting", "ChangeSetting"),
            *("CheckAssignment", "Assign", "PrepareAssignment"),
            *("CreateSession", "GetSession", "UpdateSession", "DeactivateSession", "HandOver", "SetRouter"),
            *("PrepareAct", "SwapNodes", "CheckSwap", "StopSwap"),
        ),
        NO_PAYLOADS,
    ),
}
"""Why a request is not among those that are asked for private texts."""


class PastNode:
    """A node with a past and both sockets, of which one session is private."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        private = PrivateSessions(frozenset({PRIVATE}))
        store = LocalStore(folder / "payloads")
        self.cids = (store.put(PROMPT.encode()), store.put(ANSWER.encode()))
        self.journal: Journal = write_past(
            folder / "journal.sqlite",
            sessions=SESSIONS,
            tasks=TASKS,
            transactions=TRANSACTIONS,
            prompt_cid=self.cids[0],
            answer_cid=self.cids[1],
        )
        with closing(sqlite3.connect(folder / "journal.sqlite")) as connection, connection:
            carried = (f"commit({PRIVATE}, 0, {ANSWER})", "0x" + ANSWER_HEX * 3)
            connection.execute(
                "UPDATE transactions SET call = ?, calldata = ? WHERE kind = 'commit'", carried
            )
        self.history = HistoryDesk(store, StandingClock(0.0, wall_ahead_s=NOW), private)
        self.server = ControlServer(Hub(status()), self._answer, private)

    async def _answer(self, body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetTasks | GetTask | GetTransactions | GetCall)
        return await self.history.answer(body, self.journal)

    def tells(self, received: bytes) -> bool:
        return any(one.encode() in received for one in (PROMPT, ANSWER, ANSWER_HEX, *self.cids))


@asynccontextmanager
async def past_node(folder: Path) -> AsyncIterator[PastNode]:
    node = PastNode(folder)
    await node.server.start(folder / "node.sock", folder / "view.sock")
    try:
        yield node
    finally:
        node.server.stop_listening()
        await node.server.hang_up()
        await node.history.close()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[PastNode]:
    async with past_node(tmp_path) as node:
        yield node


@pytest.fixture
async def wire(node: PastNode) -> AsyncIterator[Wire]:
    wire = await Wire.open(node.folder / "node.sock")
    yield wire
    wire.close()


def words(text: str, *terms: Term) -> TaskFilter:
    return TaskFilter((Term(HasText(text)), *terms))


def found(reply: ReplyBody) -> set[int]:
    assert isinstance(reply, Tasks)
    return {task.key.session_id for task in reply.tasks}


def test_each_request_is_asked_for_private_texts_or_has_a_reason_not_to_be() -> None:
    """A new kind of request fails here until somebody has thought of it."""
    asked = {type(body).__name__ for body in ASKED}
    assert asked | set(UNASKED) == {kind.__name__ for kind in get_args(RequestBody)}
    assert not asked & set(UNASKED)


async def test_private_texts_are_searched_once_their_session_was_revealed(wire: Wire) -> None:
    wanted = words("herrings")
    before = await wire.ask(GetTasks(filter=wanted, limit=200))
    assert isinstance(before, Tasks)
    assert found(before) == {0, 2}
    assert before.unsearched == (PRIVATE,)

    await wire.ask(Reveal(session_id=PRIVATE))
    shown = await wire.ask(GetTasks(filter=wanted, limit=200))
    assert isinstance(shown, Tasks)
    assert found(shown) == {0, 1, 2}
    assert shown.unsearched == ()

    await wire.ask(Reveal(session_id=PRIVATE, is_hidden=True))
    assert found(await wire.ask(GetTasks(filter=wanted, limit=200))) == {0, 2}


async def test_a_client_cannot_say_itself_what_was_revealed(wire: Wire) -> None:
    asked = GetTasks(session_id=PRIVATE, filter=words("herrings"), revealed=(PRIVATE,))
    reply = await wire.ask(asked)
    assert isinstance(reply, Tasks)
    assert reply.tasks == ()
    assert reply.unsearched == (PRIVATE,)


async def test_what_is_told_of_others_is_what_would_be_kept_back(node: PastNode, wire: Wire) -> None:
    """Else the test below could not fail."""
    for body in (GetTask(key=TaskKey(OPEN, 0)), GetTransactions(session_id=OPEN), GetCall(transaction_id=3)):
        wire.forget()
        await wire.ask(body)
        assert node.tells(wire.received), body


async def test_without_words_nothing_is_left_unsearched(wire: Wire) -> None:
    reply = await wire.ask(GetTasks(limit=200))
    assert isinstance(reply, Tasks)
    assert reply.unsearched == ()


_only_private = Term(SessionIs((PRIVATE,)))
_terms = st.one_of(
    st.builds(
        lambda text, is_negated: Term(HasText(text), is_negated),
        st.sampled_from(["cormorant", "herrings", "DIVES", "bafkrei", "nowhere", "engine", "a"]),
        st.booleans(),
    ),
    st.builds(lambda stage: Term(StageIs((stage,))), st.sampled_from(Stage)),
)
_keys = st.builds(TaskKey, st.just(PRIVATE), st.integers(0, TASKS // SESSIONS - 1))
_places = st.one_of(st.none(), st.just(OLDEST_TASK), st.builds(TaskCursor, st.floats(0, 2 * NOW), _keys))
_tasks = st.builds(
    lambda terms, **rest: GetTasks(filter=TaskFilter((_only_private, *terms)), **rest),
    st.lists(_terms, max_size=3).map(tuple),
    before=_places,
    limit=st.integers(0, 300),
    text_chars=st.integers(-1, 20_000),
    wants_count=st.booleans(),
    order=st.sampled_from(TaskOrder),
    revealed=st.sampled_from([(), (PRIVATE,)]),
)
_transactions = st.builds(
    GetTransactions,
    session_id=st.just(PRIVATE),
    limit=st.integers(0, 300),
    after=st.sampled_from([None, 0]),
    number=st.just(LEAST_NUMBER),
    order=st.sampled_from(TransactionOrder),
)
_calls = st.integers(1, TRANSACTIONS).filter(lambda one: (one - 1) // 3 % SESSIONS == PRIVATE)
_requests = st.one_of(
    _tasks,
    _transactions,
    st.builds(GetTask, key=_keys),
    st.builds(GetCall, transaction_id=_calls),
)


@given(bodies=st.lists(_requests, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_question_about_a_private_past_gets_a_text_or_what_leads_to_one(
    past: Asker, bodies: list[RequestBody]
) -> None:
    assert not past.node.tells(past.ask(bodies)), bodies


class Asker:
    """Asks over a fresh connection on both sockets; a loop of its own, since examples are many."""

    def __init__(self, loop: asyncio.AbstractEventLoop, node: PastNode) -> None:
        self._loop = loop
        self.node = node

    def ask(self, bodies: list[RequestBody]) -> bytes:
        return self._loop.run_until_complete(self._ask(bodies))

    async def _ask(self, bodies: list[RequestBody]) -> bytes:
        received = b""
        for name in ("node.sock", "view.sock"):
            wire = await Wire.open(self.node.folder / name)
            for body in bodies:
                await wire.ask(body)
            received += wire.received
            wire.close()
        return received


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    loop = asyncio.new_event_loop()
    serving = past_node(tmp_path_factory.mktemp("past"))
    node = loop.run_until_complete(serving.__aenter__())
    yield Asker(loop, node)
    loop.run_until_complete(serving.__aexit__(None, None, None))
    loop.close()
