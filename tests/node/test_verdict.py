"""The verdict: the first thing to mend, and serving only when there is nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.health import Precondition, StoreHealth, Verdict
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.networks import ReplacedChain
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.inference.problems import engine_died
from cortensor_tui.inference.told_health import ToldHealth
from cortensor_tui.node.preconditions import Facts, steps
from cortensor_tui.node.verdict import judge, verdict_line
from tests.dashboard import samples
from tests.miner.test_admission import SESSION

SERVED = SessionView(session=SESSION, service=Service.SERVED, reason="bound", is_mine=True)
REFUSED = SessionView(session=SESSION, service=Service.REFUSED, reason="a stranger's", is_mine=False)
ENGINE = EngineHealth(state=EngineState.READY, engine="llama.cpp", model="tiny")
STORE = StoreHealth(kind="local", location="/payloads", is_writable=True)
NO_RPC = Problem(code="no_rpc", what="The chain endpoint did not answer")
FULL_DISK = Problem(
    code="journal_unwritable",
    what="The journal cannot be written, so nothing is sent",
    why="database or disk is full",
    remedy="Free disk space",
)
WELL = Facts(
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


DEATH = Problem(code="engine_died", what="The engine process died", why="it was killed", remedy="It restarts")


@pytest.mark.parametrize("state", [EngineState.FAILED, EngineState.STARTING])
def test_an_engine_that_is_down_says_itself_what_happened_and_what_to_do(state: EngineState) -> None:
    """Also while it is tried again, as long as nothing has come of that."""
    health = ToldHealth(ENGINE, None)
    health.fail(DEATH)
    health.become(state)
    facts = msgspec.structs.replace(WELL, engine=health.now)
    verdict, reason, problem = judge(steps(facts), facts.sessions)
    told = samples.status(verdict, reason=reason, problem=problem)
    assert verdict_line(told) == "blocked: The engine process died. It was killed. It restarts."
    health.become(EngineState.LOADING, error="")
    facts = msgspec.structs.replace(WELL, engine=health.now)
    assert judge(steps(facts), facts.sessions)[:2] == (Verdict.WAITING, "the model is loading")


def test_an_image_that_is_pulled_is_no_model_that_loads() -> None:
    health = ToldHealth(ENGINE, None)
    health.become(EngineState.STARTING, step="pulling the image", load_progress=0.4)
    facts = msgspec.structs.replace(WELL, engine=health.now)
    assert judge(steps(facts), facts.sessions)[:2] == (Verdict.WAITING, "pulling the image")


def test_a_server_that_is_asked_for_the_first_time_is_not_called_loading() -> None:
    asked = msgspec.structs.replace(ENGINE, state=EngineState.STARTING, is_ours=False)
    facts = msgspec.structs.replace(WELL, engine=asked)
    assert judge(steps(facts), facts.sessions)[1] == "the model server is asked"


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, Verdict.SERVING, "session 7"),
        ({"engine": engine(EngineState.BUSY)}, Verdict.SERVING, "session 7"),
        ({"balance_wei": None}, Verdict.SERVING, "session 7"),
        ({"sessions": ()}, Verdict.WAITING, "bind"),
        ({"sessions": (REFUSED,)}, Verdict.WAITING, "a stranger's"),
        ({"engine": engine(EngineState.LOADING)}, Verdict.WAITING, "loading"),
        ({"engine": msgspec.structs.replace(ENGINE, silent_since=1.0)}, Verdict.WAITING, "not answer"),
        ({"is_connected": False}, Verdict.WAITING, "connecting"),
        ({"chain_problem": NO_RPC}, Verdict.BLOCKED, "did not answer"),
        ({"engine": engine(EngineState.FAILED)}, Verdict.BLOCKED, "model"),
        ({"store": StoreHealth(kind="local", location="/p", is_writable=False)}, Verdict.BLOCKED, "store"),
        ({"balance_wei": 0}, Verdict.BLOCKED, "no gas"),
        ({"balance_wei": 5, "low_balance_wei": 10}, Verdict.BLOCKED, "almost out of gas"),
        ({"is_dedicated_enabled": False}, Verdict.BLOCKED, "dedicated"),
        ({"chain_problem": NO_RPC, "balance_wei": 0}, Verdict.BLOCKED, "did not answer"),
        ({"chain_problem": FULL_DISK}, Verdict.BLOCKED, "journal cannot be written"),
    ],
)
def test_the_verdict_names_what_to_mend_first(changes: dict[str, Any], verdict: Verdict, said: str) -> None:
    facts = msgspec.structs.replace(WELL, **changes)
    found, reason, problem = judge(steps(facts), facts.sessions)
    assert found is verdict
    assert said in reason
    assert (problem is not None) == (verdict is Verdict.BLOCKED)


def told(facts: Facts) -> dict[str, Precondition]:
    return {step.told.name: step.told for step in steps(facts)}


def test_a_full_disk_is_told_of_the_disk_and_not_of_the_chain() -> None:
    found = told(msgspec.structs.replace(WELL, chain_problem=FULL_DISK))
    chain, disk = [found[name] for name in found if "chain" in name or "journal" in name]
    assert chain.is_met
    assert disk.is_met is False
    assert ("disk is full" in disk.detail, disk.remedy) == (True, "Free disk space")


def test_an_engine_that_failed_is_told_in_one_voice() -> None:
    health = ToldHealth(ENGINE, None)
    health.fail(engine_died("it was killed by SIGKILL"))
    found = told(msgspec.structs.replace(WELL, engine=health.now))["the model is running"]
    assert f"{found.detail}. {found.remedy}" == (
        "The engine process died: it was killed by SIGKILL. It restarts by itself, "
        "and its tasks are run again"
    )
    health.fail(Problem(code="model_missing", what="There is no model file /m", remedy="Fetch it."))
    found = told(msgspec.structs.replace(WELL, engine=health.now))["the model is running"]
    assert f"{found.detail}. {found.remedy}" == (
        "There is no model file /m. Fetch it; the node tries again by itself"
    )


def test_a_chain_that_was_replaced_is_told_until_the_node_is_bound_on_the_new_one() -> None:
    replaced = ReplacedChain(chain_id=31337, genesis_hash="0x" + "aa" * 32, at=17.0)
    unbound = msgspec.structs.replace(WELL, replaced=replaced, sessions=())
    found = told(unbound)["bound to an active session"]
    assert "its sessions and the nodes bound to them are gone" in found.detail
    assert "stays in its journal" in found.detail
    assert "else bind the node to a session there" in found.remedy
    assert judge(steps(unbound), ())[0] is Verdict.WAITING
    bound = msgspec.structs.replace(unbound, sessions=(SERVED,))
    assert told(bound)["bound to an active session"].is_met


def test_what_the_chain_tells_is_unknown_before_it_is_read() -> None:
    found = told(msgspec.structs.replace(WELL, is_connected=False, sessions=(), balance_wei=None))
    unknown = [name for name, one in found.items() if one.is_met is None]
    assert len(unknown) == 6, "gas, key, transactions, bound, served, nodes"
    assert all(found[name].detail for name in unknown)


def test_what_the_chain_told_is_unknown_while_it_does_not_answer() -> None:
    facts = msgspec.structs.replace(WELL, is_chain_silent=True)
    found = told(facts)
    unknown = [name for name, one in found.items() if one.is_met is None]
    assert len(unknown) == 5, "gas, transactions, bound, served, nodes"
    assert {found[name].detail for name in unknown} == {"not known while the chain does not answer"}
    assert judge(steps(facts), facts.sessions) == (Verdict.WAITING, "the chain does not answer", None)


def test_an_endpoint_that_holds_a_task_up_is_one_trouble_and_the_chains() -> None:
    facts = msgspec.structs.replace(WELL, is_chain_silent=True, task_trouble=NO_RPC)
    unmet = [one for one in told(facts).values() if one.is_met is False]
    assert [one.name for one in unmet] == ["the chain answers, its contracts are found and read"]
    assert judge(steps(facts), facts.sessions) == (Verdict.BLOCKED, NO_RPC.what, NO_RPC)


def test_a_session_with_too_few_nodes_is_said_and_holds_nothing_up() -> None:
    session = msgspec.structs.replace(SESSION, min_nodes=3)
    facts = msgspec.structs.replace(WELL, sessions=(msgspec.structs.replace(SERVED, session=session),))
    [unmet] = [one for one in told(facts).values() if one.is_met is False]
    assert "at least 3" in unmet.detail
    assert judge(steps(facts), facts.sessions)[0] is Verdict.SERVING


@given(
    is_on=st.booleans(),
    problem=st.sampled_from([None, NO_RPC, FULL_DISK]),
    is_connected=st.booleans(),
    state=st.sampled_from(list(EngineState)),
    is_writable=st.booleans(),
    balance_wei=st.sampled_from([None, 0, 5, 10**18]),
    sessions=st.sampled_from([(), (SERVED,), (REFUSED,)]),
    trouble=st.sampled_from([None, NO_RPC]),
)
def test_a_node_serves_where_no_precondition_but_the_nodes_of_others_is_unmet(
    is_on: bool,
    problem: Problem | None,
    is_connected: bool,
    state: EngineState,
    is_writable: bool,
    balance_wei: int | None,
    sessions: tuple[SessionView, ...],
    trouble: Problem | None,
) -> None:
    facts = msgspec.structs.replace(
        WELL,
        is_dedicated_enabled=is_on,
        chain_problem=problem,
        is_connected=is_connected,
        engine=engine(state),
        store=msgspec.structs.replace(STORE, is_writable=is_writable),
        balance_wei=balance_wei,
        sessions=sessions,
        task_trouble=trouble,
    )
    found = steps(facts)
    verdict, _, blocked_by = judge(found, facts.sessions)
    unmet = [step.told for step in found if step.told.is_met is False]
    assert (verdict is Verdict.SERVING) == (not unmet)
    assert all(one.detail for one in unmet)
    if blocked_by is not None:
        assert blocked_by == next(step.problem for step in found if step.problem), "the first to mend"
