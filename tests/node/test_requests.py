"""What is answered where an act is done and the chain goes away right after it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import Call
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.owner_messages import SendSigned, Sent
from cortensor_tui.node.requests import RequestDesk
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.node.session_messages import HandOver, SetRouter
from cortensor_tui.node.watching.admission import WatchAdmission
from tests.support.scripted_rpc import ScriptedRpc

OWNER, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
DONE = Sent(
    transaction=Transaction(
        transaction_id=1,
        kind=TransactionKind.UPDATE_SESSION,
        state=TransactionState.MINED,
        sender=OWNER,
        nonce=0,
        hash="0x" + "ab" * 32,
        created_at=1.0,
        session_id=3,
    ),
    session_id=3,
)


class AwayRpc(ScriptedRpc):
    """An endpoint that is gone; it counts who asks."""

    asked = 0

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        self.asked += 1
        raise problem_error("no_rpc", "The chain does not answer")


class DoneDesk:
    """Has done whatever is asked."""

    async def answer(self, body: RequestBody) -> ReplyBody:
        return DONE


@pytest.mark.parametrize(
    "act",
    [
        HandOver(session_id=3, new_owner=OTHER),
        SetRouter(session_id=3, address=OTHER),
        SendSigned(raw="0x"),
    ],
)
async def test_an_act_that_is_mined_is_told_as_done_though_the_chain_is_gone(
    act: RequestBody,
) -> None:
    rpc = AwayRpc()
    contracts = Contracts(session_v2=OWNER, session_queue_v2=OTHER)
    sessions = SessionList(ContractReader(rpc, contracts, 1, Generation.NEW), WatchAdmission(OWNER))
    work = SimpleNamespace(owner_desk=DoneDesk(), sessions=sessions)
    unused: Any = None
    chain = cast(Any, SimpleNamespace(work=work))
    desk = RequestDesk(unused, unused, unused, chain, unused, unused, unused, unused)
    assert await desk.answer(act) == DONE
    assert rpc.asked > 0, "it was to be read anew"
