"""Reading, changing, closing and giving away a session on contracts of every generation."""

from __future__ import annotations

import pytest

from cortensor_tui.chain.contracts.decoding import MOST_METADATA_CHARS
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.session_reading import Router
from cortensor_tui.domain.sessions import SessionMode
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.miner.admission import Admission
from cortensor_tui.node.owner_messages import CreateSession, Sent, Submit
from cortensor_tui.node.session_list import SessionList, read_session
from cortensor_tui.node.session_messages import (
    ActChecked,
    CheckAct,
    DeactivateSession,
    HandOver,
    SetRouter,
    UpdateSession,
)
from cortensor_tui.settings import OwnSessions
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    OWNER,
    ROUTER,
    STRANGER,
    DevnetOnAnvil,
    in_every_generation,
)
from tests.node.session_owner import Owner, owner

__all__ = ["owner"]
pytestmark = pytest.mark.real


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
async def test_a_session_is_given_to_another_owner_once(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = HandOver(session_id=session_id, new_owner=STRANGER.lower())
    checked = await owner.ask(CheckAct(act=asked), ActChecked)
    assert checked.is_allowed
    assert checked.call == f"SessionV2.updateOwner({session_id}, {STRANGER})"
    sent = await owner.ask(asked, Sent)
    assert (sent.transaction.state, sent.transaction.call) == (TransactionState.MINED, checked.call)
    session = (await owner.reader.sessions([session_id]))[0]
    assert (session.owner, session.dedicated_nodes) == (STRANGER, (ALICE,))
    assert await owner.refusal(asked) == "not_owner"


async def test_what_makes_no_sense_is_not_handed_over(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER)
    assert await owner.refusal(HandOver(session_id=session_id, new_owner=OWNER)) == "same_owner"
    assert await owner.refusal(HandOver(session_id=session_id, new_owner="0x" + "0" * 40)) == "bad_address"
    assert await owner.refusal(HandOver(session_id=99, new_owner=BOB)) == "session_not_found"
    await owner.ask(DeactivateSession(session_id=session_id), Sent)
    await owner.ask(HandOver(session_id=session_id, new_owner=BOB), Sent)
    assert (await owner.reader.sessions([session_id]))[0].owner == BOB


@in_every_generation
async def test_a_router_is_listed_described_and_taken_off(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER)

    async def routers() -> tuple[Router, ...]:
        return (await read_session(owner.reader, session_list(owner), session_id)).routers

    listing = SetRouter(session_id=session_id, address=ROUTER, text="wss://one.example")
    checked = await owner.ask(CheckAct(act=listing), ActChecked)
    assert checked.call.startswith(f"SessionV2.addRouter({session_id}, {ROUTER}, wss://one")
    await owner.ask(listing, Sent)
    assert await routers() == (Router(address=ROUTER, text="wss://one.example"),)
    another = SetRouter(session_id=session_id, address=ROUTER, text="wss://two.example")
    assert (await owner.ask(CheckAct(act=another), ActChecked)).call.startswith("SessionV2.updateRouter(")
    await owner.ask(another, Sent)
    assert await routers() == (Router(address=ROUTER, text="wss://two.example"),)
    off = SetRouter(session_id=session_id, address=ROUTER)
    await owner.ask(off, Sent)
    assert await routers() == ()
    assert await owner.refusal(off) == "not_listed"


async def test_a_text_that_is_too_long_for_a_router_is_refused_unsent(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER)
    asked = SetRouter(session_id=session_id, address=ROUTER, text="x" * 1_025)
    checked = await owner.ask(CheckAct(act=asked), ActChecked)
    assert checked.checks[-1].detail == "SessionV2: the router's text is too long"
    assert await owner.refusal(asked) == "reverted"
    assert owner.stream.told == []
