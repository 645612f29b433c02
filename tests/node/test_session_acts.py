"""Reading, changing and closing a session, and swapping its nodes, on contracts of every generation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from cortensor_tui.chain.contracts.decoding import MOST_METADATA_CHARS
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.session_reading import Router
from cortensor_tui.domain.sessions import SessionMode
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.miner.admission import Admission
from cortensor_tui.node.owner import OwnerDesk
from cortensor_tui.node.owner_messages import CreateSession, OwnerRequest, Sent, Submit
from cortensor_tui.node.session_list import SessionList, read_session
from cortensor_tui.node.session_messages import (
    ActChecked,
    CheckAct,
    CheckSwap,
    DeactivateSession,
    SessionAct,
    SwapChecked,
    SwapNodes,
    Swapped,
    UpdateSession,
)
from cortensor_tui.settings import OwnSessions
from tests.chain.transactions.stream import GWEI, Stream
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    ORACLE,
    OWNER,
    ROUTER,
    STRANGER,
    DevnetOnAnvil,
    in_every_generation,
)

pytestmark = pytest.mark.real
R = TypeVar("R")


class Owner:
    """An owner's desk, with somebody who keeps looking at the chain for it."""

    def __init__(self, devnet: DevnetOnAnvil, folder: Path) -> None:
        self.devnet = devnet
        self.stream = Stream(devnet, folder / "journal.sqlite")
        self.reader = self.stream.reader
        self.desk = OwnerDesk(
            devnet.rpc,
            self.reader,
            self.stream.sender,
            chain_id=31337,
            max_data_bytes=95_000,
            fee_cap_wei=1_000 * GWEI,
        )
        self._has_started = False

    async def start(self) -> None:
        """Take the key over: from here on nobody else sends with it."""
        if not self._has_started:
            self._has_started = True
            await self.stream.sender.start()

    async def ask(self, body: OwnerRequest | SessionAct, expected: type[R]) -> R:
        """Ask, look until it is answered, and return the answer."""
        await self.start()
        asking = asyncio.create_task(self.desk.answer(body))
        async with asyncio.timeout(30):
            while not asking.done():
                await self.stream.look_later(1.5)
        answer = asking.result()
        assert isinstance(answer, expected)
        return answer

    async def refusal(self, body: OwnerRequest | SessionAct) -> str:
        """Return the code that a request is refused with."""
        with pytest.raises(ProblemError) as told:
            await self.ask(body, Sent)
        return told.value.problem.code


@pytest.fixture
async def owner(devnet: DevnetOnAnvil, tmp_path: Path) -> AsyncIterator[Owner]:
    found = Owner(devnet, tmp_path)
    yield found
    found.stream.sender.close()


def session_list(owner: Owner) -> SessionList:
    admission = Admission(
        node=ALICE,
        own_addresses=frozenset({OWNER}),
        listed_owners=frozenset(),
        authorized=OwnSessions(),
        is_enabled=True,
    )
    return SessionList(owner.reader, admission)


@in_every_generation
async def test_a_session_is_read_with_every_field_as_the_contract_has_it(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    metadata = "m" * (MOST_METADATA_CHARS + 500)
    await devnet.send(OWNER, "SessionV2", "update", "named", metadata, session_id, 1, 5, 1, 0, 2)
    await devnet.send(OWNER, "SessionV2", "addRouter", session_id, ROUTER, "wss://router.example")
    await devnet.submit(session_id)
    reading = await read_session(owner.reader, session_list(owner), session_id)
    fields = {field.name: field for field in reading.fields}
    answered = await devnet.read("SessionV2", "getSession", session_id)
    assert [field.name for field in reading.fields][:4] == ["id", "sid", "name", "metadata"]
    assert len(fields) == len(answered)
    assert fields["sid"].values == ("0x" + answered[1].hex(),)
    assert fields["metadata"].values == (metadata,)
    assert fields["dedicatedNodes"].values == (ALICE.lower(),)
    assert (fields["dedicatedNodes"].is_list, fields["mode"].values) == (True, ("2",))
    assert ("sla" in fields) == (devnet.generation is not Generation.OLD)
    assert reading.routers == (Router(address=ROUTER, text="wss://router.example"),)
    assert (reading.view.session.name, reading.view.task_count) == ("named", 1)
    assert (reading.generation, reading.contract) == (devnet.generation.value, devnet.contracts.session_v2)


async def test_a_session_that_is_not_there_is_told_as_that(owner: Owner) -> None:
    with pytest.raises(ProblemError) as told:
        await read_session(owner.reader, session_list(owner), 99)
    assert told.value.problem.code == "session_not_found"


@in_every_generation
async def test_an_update_changes_what_is_given_and_nothing_else(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    long = "x" * (MOST_METADATA_CHARS + 500)  # longer than what is listed of it
    await devnet.send(OWNER, "SessionV2", "update", "before", long, session_id, 1, 5, 1, 2, 2)
    asked = UpdateSession(session_id=session_id, name="after", max_nodes=7, mode=SessionMode.HYBRID)
    checked = await owner.ask(CheckAct(act=asked), ActChecked)
    assert checked.is_allowed
    assert checked.call.startswith("SessionV2.update(after, xxx")
    assert checked.signer == OWNER
    assert int(checked.fee_wei or 0) > 0
    sent = await owner.ask(asked, Sent)
    assert sent.transaction.kind is TransactionKind.UPDATE_SESSION
    assert sent.transaction.state is TransactionState.MINED
    values = dict(
        zip(
            [name for name, _ in owner.reader.sessions_interface.functions["getSession"].output_fields],
            await owner.reader.session_values(session_id),
            strict=True,
        )
    )
    assert (values["name"], values["metadata"]) == ("after", long)
    assert (values["minNumOfNodes"], values["maxNumOfNodes"], values["redundant"]) == (1, 7, 1)
    assert (values["numOfValidatorNodes"], values["mode"]) == (2, 1)


async def test_what_the_contract_would_refuse_is_told_before_anything_is_signed(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE, BOB))
    asked = UpdateSession(session_id=session_id, max_nodes=1)
    checked = await owner.ask(CheckAct(act=asked), ActChecked)
    assert not checked.is_allowed
    assert checked.checks[-1].detail == "SessionV2: more nodes are bound than the new maximum"
    assert await owner.refusal(asked) == "reverted"
    theirs = await devnet.create_session(STRANGER)
    assert await owner.refusal(UpdateSession(session_id=theirs, name="mine")) == "not_owner"
    assert await owner.refusal(DeactivateSession(session_id=theirs)) == "not_owner"
    assert await owner.refusal(DeactivateSession(session_id=99)) == "session_not_found"
    assert owner.stream.told == []


@in_every_generation
async def test_a_session_is_closed_once(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER)
    sent = await owner.ask(DeactivateSession(session_id=session_id), Sent)
    assert sent.transaction.kind is TransactionKind.DEACTIVATE_SESSION
    assert not (await owner.reader.sessions([session_id]))[0].is_active
    assert await owner.refusal(DeactivateSession(session_id=session_id)) == "session_inactive"
    submission = await owner.ask(CheckAct(act=Submit(session_id=session_id, prompt="hi")), ActChecked)
    assert [check.name for check in submission.checks if not check.is_met] == ["session active"]


@in_every_generation
async def test_creating_and_submitting_are_tried_out_before(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    creation = await owner.ask(CheckAct(act=CreateSession(name="new")), ActChecked)
    assert creation.is_allowed
    assert creation.call.startswith("SessionV2.create(new, ")
    refused = await owner.ask(CheckAct(act=CreateSession(name="new", min_nodes=3)), ActChecked)
    assert refused.checks[-1].detail == "SessionV2: the minimum of nodes is above the maximum"
    submission = await owner.ask(CheckAct(act=Submit(session_id=session_id, prompt="hello")), ActChecked)
    assert submission.is_allowed
    assert submission.call.startswith(f"SessionV2.submit({session_id}, 2, hello")
    empty = await owner.ask(CheckAct(act=Submit(session_id=session_id, prompt="")), ActChecked)
    assert empty.checks[-1].detail == "it is empty"
    assert await owner.reader.session_count() == session_id + 1


@in_every_generation
async def test_a_swap_puts_one_node_in_the_place_of_another(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    checked = await owner.ask(CheckSwap(swap=asked), SwapChecked)
    assert checked.is_allowed
    assert checked.call == f"SessionV2.removeDedicatedNode({session_id}, {ALICE})"
    assert checked.then_call == f"SessionV2.addDedicatedNode({session_id}, {BOB})"
    assert int(checked.then_fee_wei or 0) > 0  # there is room, so the second half was tried too
    swapped = await owner.ask(asked, Swapped)
    assert (swapped.problem, swapped.unbound.kind) == (None, TransactionKind.UNBIND)
    assert swapped.bound is not None
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


async def test_the_price_of_the_second_half_is_unknown_where_the_session_is_full(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await devnet.send(OWNER, "SessionV2", "update", "full", "", session_id, 1, 1, 1, 0, 2)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    checked = await owner.ask(CheckSwap(swap=asked), SwapChecked)
    assert (checked.is_allowed, checked.then_fee_wei) == (True, None)
    await owner.ask(asked, Swapped)
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


@in_every_generation
async def test_no_swap_while_a_task_is_in_flight(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    task_id = await devnet.submit(session_id)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    assert (await owner.ask(CheckSwap(swap=asked), SwapChecked)).is_allowed  # nobody is at it yet
    task = (session_id, task_id)
    await devnet.send(ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment(task, ALICE))
    assert await owner.refusal(asked) == "task_in_flight"
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (ALICE,)


@pytest.mark.parametrize(
    ("unbind", "bind", "code"),
    [
        (BOB, STRANGER, "not_bound"),
        (ALICE, ALICE, "same_node"),
        (ALICE, "0x12", "bad_address"),
        (ALICE, "0x" + "0" * 40, "bad_address"),
    ],
)
async def test_a_swap_that_cannot_work_is_refused(
    devnet: DevnetOnAnvil, owner: Owner, unbind: str, bind: str, code: str
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = SwapNodes(session_id=session_id, unbind_address=unbind, bind_address=bind)
    assert await owner.refusal(asked) == code


async def test_a_swap_says_where_it_stands_when_its_second_half_fails(
    devnet: DevnetOnAnvil, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    sender = owner.stream.sender
    mined = sender.settled

    async def left_without_a_coin(transaction: Transaction) -> Transaction:
        settled = await mined(transaction)
        await devnet.rpc.call("anvil_setBalance", OWNER, "0x0")
        return settled

    monkeypatch.setattr(sender, "settled", left_without_a_coin)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    swapped = await owner.ask(asked, Swapped)
    assert (swapped.bound, swapped.unbound.state) == (None, TransactionState.MINED)
    assert swapped.problem is not None
    assert swapped.problem.code == "swap_half_way"
    assert f"has lost {ALICE} and not got {BOB}" in swapped.problem.what
    assert "the binding failed" in swapped.problem.why
    assert f"assign {session_id} --node {BOB}" in swapped.problem.remedy


async def test_a_swap_goes_on_when_whoever_asked_has_gone(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    await owner.start()
    asking = asyncio.create_task(owner.desk.answer(asked))
    async with asyncio.timeout(30):
        while not owner.stream.told:  # the first half is on its way
            await asyncio.sleep(0)
        asking.cancel()
        while (await owner.reader.sessions([session_id]))[0].dedicated_nodes != (BOB,):
            await owner.stream.look_later(1.5)
    assert asking.cancelled()
