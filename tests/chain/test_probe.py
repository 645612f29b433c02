"""Each generation is told by probing it; what fits none, or is no such contract, is a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.abi import load_interface
from cortensor_tui.chain.contracts.reader import Contracts
from cortensor_tui.chain.networks.probe import QUESTIONS, probe_generation
from cortensor_tui.chain.networks.profiles import SESSION_QUEUE_V2, SESSION_V2
from cortensor_tui.chain.rpc.client import Call, RpcError
from cortensor_tui.domain.networks import Generation, Probe
from cortensor_tui.domain.problems import Problem, ProblemError
from tests.chain.scripted_contracts import ScriptedContracts
from tests.devnet.devnet_on_anvil import DevnetOnAnvil, in_every_generation

CONTRACTS = Contracts(session_v2="0x" + "51" * 20, session_queue_v2="0x" + "52" * 20)
MISSING = RpcError(3, "execution reverted", "0x")
ONE = "0x" + "01".rjust(64, "0")


class Answering(ScriptedContracts):
    """Answers the probes one after another from a list."""

    def __init__(self, answers: Sequence[Any]) -> None:
        super().__init__(Generation.NEW, {})
        self._in_turn = answers

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        assert len(calls) == len(self._in_turn)
        return list(self._in_turn)


def as_if(sessions: Generation, queue: Generation) -> list[Any]:
    """Return what contracts of these generations answer."""
    generations = {SESSION_V2: sessions, SESSION_QUEUE_V2: queue}
    return [
        ONE if name in load_interface(contract, generations[contract]).functions else MISSING
        for contract, name in QUESTIONS
    ]


async def outcome_of(answers: list[Any]) -> tuple[Generation, tuple[Probe, ...]] | Problem:
    try:
        return await probe_generation(Answering(answers), CONTRACTS)
    except ProblemError as error:
        return error.problem


@pytest.mark.real
@in_every_generation
async def test_a_real_contract_s_generation_is_told(devnet: DevnetOnAnvil) -> None:
    contracts = Contracts(
        session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
    )
    generation, probes = await probe_generation(devnet.rpc, contracts)
    assert generation == devnet.generation
    assert len(probes) == len(QUESTIONS)
    assert all(probe.call and probe.answer and probe.meaning for probe in probes)


@pytest.mark.real
async def test_a_contract_of_another_kind_is_named_with_its_setting(devnet: DevnetOnAnvil) -> None:
    runtime, session, queue = (
        devnet.contracts.runtime,
        devnet.contracts.session_v2,
        devnet.contracts.session_queue_v2,
    )
    for contracts, wrong, setting in (
        (Contracts(session_v2=runtime, session_queue_v2=queue), runtime, "CORTENSOR_TUI_SESSION_V2_ADDRESS"),
        (
            Contracts(session_v2=session, session_queue_v2=runtime),
            runtime,
            "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS",
        ),
        (Contracts(session_v2=queue, session_queue_v2=session), queue, "CORTENSOR_TUI_SESSION_V2_ADDRESS"),
    ):
        with pytest.raises(ProblemError) as told:
            await probe_generation(devnet.rpc, contracts)
        assert told.value.problem.code == "unexpected_contract"
        assert wrong in told.value.problem.what
        assert setting in told.value.problem.remedy


@pytest.mark.parametrize("generation", list(Generation))
async def test_an_old_client_s_empty_answer_is_a_missing_function_too(generation: Generation) -> None:
    answers = [("0x" if answer is MISSING else answer) for answer in as_if(generation, generation)]
    assert (await probe_generation(Answering(answers), CONTRACTS))[0] is generation


# As geth, Nethermind of two ages, Hardhat and Ganache tell a call to a function that is not there.
MISSING_ELSEWHERE = (
    RpcError(-32000, "execution reverted"),
    RpcError(-32015, "VM execution error.", "Reverted 0x"),
    RpcError(-32000, "execution reverted: revert", "0x"),
    RpcError(
        -32603,
        "Error: Transaction reverted: function selector was not recognized and there's no fallback function",
        {"message": "Error: Transaction reverted", "data": "0x"},
    ),
    RpcError(-32000, "VM Exception while processing transaction: revert"),
)


@pytest.mark.parametrize("missing", MISSING_ELSEWHERE, ids=lambda error: error.message[:30])
@pytest.mark.parametrize("generation", list(Generation))
async def test_every_client_s_way_to_say_that_a_function_is_missing_is_known(
    generation: Generation, missing: RpcError
) -> None:
    answers = [(missing if answer is MISSING else answer) for answer in as_if(generation, generation)]
    assert (await probe_generation(Answering(answers), CONTRACTS))[0] is generation


async def test_a_proxy_that_gives_a_reason_for_what_it_lacks_is_still_told() -> None:
    reason = "0x08c379a0" + encode(["string"], ["no such function"]).hex()
    refused = RpcError(3, "execution reverted: no such function", reason)
    answers = [(refused if answer is MISSING else answer) for answer in as_if(*[Generation.NEW] * 2)]
    generation, probes = await probe_generation(Answering(answers), CONTRACTS)
    assert generation is Generation.NEW
    assert "reverted: no such function" in {probe.answer for probe in probes}


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("position", range(len(QUESTIONS)))
async def test_one_unclear_answer_is_made_up_for_by_the_others_or_said(
    generation: Generation, position: int
) -> None:
    answers = as_if(generation, generation)
    answers[position] = RpcError(429, "too many requests")
    outcome = await outcome_of(answers)
    if isinstance(outcome, Problem):
        assert outcome.code == "unclear_generation", "never a wrong one"
        assert "too many requests" in outcome.why
    else:
        told, probes = outcome
        assert told is generation
        assert "too many requests" in probes[position].answer


@pytest.mark.parametrize(
    ("sessions", "queue"), [("new", "mid"), ("mid", "new"), ("old", "new"), ("new", "old")]
)
async def test_contracts_of_two_generations_are_refused_with_every_answer(sessions: str, queue: str) -> None:
    answers = as_if(Generation(sessions), Generation(queue))
    with pytest.raises(ProblemError) as told:
        await probe_generation(Answering(answers), CONTRACTS)
    problem = told.value.problem
    assert problem.code == "unknown_generation"
    assert "CORTENSOR_TUI_GENERATION" in problem.remedy
    for contract, name in QUESTIONS:
        assert f"{contract}.{name}()" in problem.why


async def test_a_contract_that_answers_to_everything_is_of_no_generation() -> None:
    with pytest.raises(ProblemError) as told:
        await probe_generation(Answering([ONE] * len(QUESTIONS)), CONTRACTS)
    assert told.value.problem.code == "unknown_generation"


odd_answers = (
    st.none()
    | st.integers()
    | st.booleans()
    | st.text(max_size=80)
    | st.binary(max_size=80).map(lambda raw: "0x" + raw.hex())
    | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
    | st.lists(st.none(), max_size=2)
    | st.builds(RpcError, st.integers(-40000, 500), st.text(max_size=20), st.none() | st.text(max_size=20))
)


@given(st.lists(odd_answers, min_size=len(QUESTIONS), max_size=len(QUESTIONS)))
async def test_whatever_an_endpoint_answers_it_is_a_generation_or_a_sentence(answers: list[Any]) -> None:
    outcome = await outcome_of(answers)
    if isinstance(outcome, Problem):
        assert outcome.what
        assert outcome.remedy
    else:
        assert len(outcome[1]) == len(answers)


def test_every_probe_is_a_plain_getter_and_the_first_is_of_its_contract_alone() -> None:
    for contract, name in QUESTIONS:
        having = [one for one in Generation if name in load_interface(contract, one).functions]
        assert having
        assert all(load_interface(contract, one).functions[name].inputs == () for one in having)
    for contract, other in ((SESSION_V2, SESSION_QUEUE_V2), (SESSION_QUEUE_V2, SESSION_V2)):
        first = next(name for place, name in QUESTIONS if place == contract)
        assert all(first in load_interface(contract, one).functions for one in Generation)
        assert not any(first in load_interface(other, one).functions for one in Generation)
