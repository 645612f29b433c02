"""Sessions are read anew when an event touches them, and no event can make the list fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import Call, RpcClient
from cortensor_tui.chain.watching.events import ContractEvent, LogDecoder
from cortensor_tui.miner.admission import Admission
from cortensor_tui.node import session_list
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.settings import AuthorizedSessions, ListedSessions
from tests.devnet.devnet_on_anvil import ALICE, BOB, OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real


class CountingRpc(RpcClient):
    """Counts the calls it passes on."""

    calls = 0

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        self.calls += len(calls)
        return await super().batch(calls)


async def binding_events(devnet: DevnetOnAnvil, *calls: tuple[str, int, str]) -> list[ContractEvent]:
    reader = reader_of(devnet, devnet.rpc)
    decoder = LogDecoder(reader, ALICE)
    found = []
    for name, session_id, node in calls:
        found += decoder.events(await devnet.send(OWNER, "SessionV2", name, session_id, node))
    return found


def reader_of(devnet: DevnetOnAnvil, rpc: Any) -> ContractReader:
    contracts = Contracts(
        session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
    )
    return ContractReader(rpc, contracts, 1, devnet.generation)


async def listed(devnet: DevnetOnAnvil) -> tuple[SessionList, CountingRpc]:
    authorized: AuthorizedSessions = ListedSessions(session_ids=frozenset(range(100)))
    admission = Admission(
        node=ALICE,
        own_addresses=frozenset({ALICE}),
        listed_owners=frozenset(),
        authorized=authorized,
        is_enabled=True,
    )
    rpc = CountingRpc(devnet.rpc.url)
    sessions = SessionList(reader_of(devnet, rpc), admission)
    await sessions.update([], is_gap=True)
    return sessions, rpc


async def test_a_binding_is_seen_without_reading_every_session(devnet: DevnetOnAnvil) -> None:
    ids = [await devnet.create_session(OWNER) for _ in range(5)]
    sessions, rpc = await listed(devnet)
    try:
        events = await binding_events(
            devnet, ("addDedicatedNode", ids[3], ALICE), ("addDedicatedNode", ids[1], BOB)
        )
        rpc.calls = 0
        await sessions.update(events, is_gap=False)
        assert sessions.served_ids() == [ids[3]]
        assert rpc.calls == 4, "two transactions and two sessions"
        await sessions.update(
            await binding_events(devnet, ("removeDedicatedNode", ids[3], ALICE)), is_gap=False
        )
        assert sessions.served_ids() == []
    finally:
        await rpc.close()


async def test_a_session_that_does_not_exist_stops_nothing(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    sessions, rpc = await listed(devnet)
    try:
        lie = ContractEvent(
            name="SessionUpdated",
            session_id=2**53 - 1,
            task_id=None,
            nodes=(),
            transaction_hash="0x" + "00" * 32,
            block_number=1,
            block_hash="0x" + "00" * 32,
            log_index=0,
        )
        await sessions.update([lie], is_gap=False)
        await sessions.read(2**40)
        assert sessions.served_ids() == [session_id]
    finally:
        await rpc.close()


async def test_what_concerns_this_node_is_read_now_and_then_and_not_all(
    devnet: DevnetOnAnvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of a session made, of a binding and of a release were left out by the endpoint."""
    ids = [await devnet.create_session(OWNER, nodes=(ALICE,)) for _ in range(2)]
    for _ in range(8):
        await devnet.create_session(OWNER)
    sessions, rpc = await listed(devnet)
    try:
        await devnet.send(OWNER, "SessionV2", "removeDedicatedNode", ids[0], ALICE)
        made = await devnet.create_session(OWNER, nodes=(ALICE,))
        rpc.calls = 0
        await sessions.update([], is_gap=False)
        assert rpc.calls == 0
        monkeypatch.setattr(session_list, "OURS_EVERY_S", 0.0)
        await sessions.update([], is_gap=False)
        assert sessions.served_ids() == [ids[1], made]
        assert rpc.calls == 1 + 3 + 1, "how many there are, two known and a new one, the counts of tasks"
    finally:
        await rpc.close()


async def test_strangers_bindings_by_an_unknown_way_cost_no_whole_reading(devnet: DevnetOnAnvil) -> None:
    for _ in range(5):
        await devnet.create_session(OWNER)
    sessions, rpc = await listed(devnet)
    try:
        events = await binding_events(devnet, ("addDedicatedNode", 1, BOB))
        unknown = "0x" + "77" * 32
        hidden = [
            msgspec.structs.replace(event, transaction_hash=unknown)
            for event in events
            if event.session_id is None
        ]
        assert hidden
        rpc.calls = 0
        await sessions.update(hidden, is_gap=False)
        assert rpc.calls == 1, "the transaction, which tells nothing"
    finally:
        await rpc.close()


async def test_a_session_taken_back_is_forgotten(devnet: DevnetOnAnvil) -> None:
    await devnet.create_session(OWNER)
    gone = await devnet.create_session(OWNER, nodes=(ALICE,))
    sessions, rpc = await listed(devnet)
    try:
        assert sessions.served_ids() == [gone]
        await devnet.rpc.call("anvil_reorg", 2, [])
        await sessions.update([], is_gap=True)
        assert sessions.served_ids() == []
        assert gone not in {view.session.session_id for view in sessions.views()}
    finally:
        await rpc.close()
