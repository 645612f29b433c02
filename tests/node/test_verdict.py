"""The verdict: the first thing to mend, and serving only when there is nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cortensor_tui.domain.health import StoreHealth, Verdict
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.node.verdict import Preconditions, judge
from tests.miner.test_admission import SESSION

SERVED = SessionView(session=SESSION, service=Service.SERVED, reason="bound", is_mine=True)
REFUSED = SessionView(session=SESSION, service=Service.REFUSED, reason="a stranger's", is_mine=False)
ENGINE = EngineHealth(state=EngineState.READY, engine="llama.cpp", model="tiny")
STORE = StoreHealth(kind="local", location="/payloads", is_writable=True)
NO_RPC = Problem(code="no_rpc", what="The chain endpoint did not answer")
WELL = Preconditions(
    is_dedicated_enabled=True,
    chain_problem=None,
    is_connected=True,
    engine=ENGINE,
    store=STORE,
    node_address="0x1",
    balance_wei=10**18,
    low_balance_wei=0,
    sessions=(SERVED,),
)


def engine(state: EngineState) -> EngineHealth:
    return msgspec.structs.replace(ENGINE, state=state)


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, Verdict.SERVING, "session 7"),
        ({"engine": engine(EngineState.BUSY)}, Verdict.SERVING, "session 7"),
        ({"balance_wei": None}, Verdict.SERVING, "session 7"),
        ({"sessions": ()}, Verdict.WAITING, "bind"),
        ({"sessions": (REFUSED,)}, Verdict.WAITING, "a stranger's"),
        ({"engine": engine(EngineState.LOADING)}, Verdict.WAITING, "loading"),
        ({"is_connected": False}, Verdict.WAITING, "connecting"),
        ({"chain_problem": NO_RPC}, Verdict.BLOCKED, "did not answer"),
        ({"engine": engine(EngineState.FAILED)}, Verdict.BLOCKED, "model"),
        ({"store": StoreHealth(kind="local", location="/p", is_writable=False)}, Verdict.BLOCKED, "store"),
        ({"balance_wei": 0}, Verdict.BLOCKED, "no gas"),
        ({"balance_wei": 5, "low_balance_wei": 10}, Verdict.BLOCKED, "almost out of gas"),
        ({"is_dedicated_enabled": False}, Verdict.BLOCKED, "dedicated"),
        ({"chain_problem": NO_RPC, "balance_wei": 0}, Verdict.BLOCKED, "did not answer"),
    ],
)
def test_the_verdict_names_what_to_mend_first(changes: dict[str, Any], verdict: Verdict, said: str) -> None:
    found, reason, problem = judge(msgspec.structs.replace(WELL, **changes))
    assert found is verdict
    assert said in reason
    assert (problem is not None) == (verdict is Verdict.BLOCKED)
