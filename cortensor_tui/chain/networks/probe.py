"""Tells the contracts' generation at start, by calls that some of the three answer and others do not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import (
    Function,
    decode_output,
    encode_call,
    load_interface,
    revert_bytes,
    revert_sentence,
)
from cortensor_tui.chain.contracts.reader import Contracts
from cortensor_tui.chain.contracts.send_errors import SendError, classify
from cortensor_tui.chain.networks.profiles import SESSION_QUEUE_V2, SESSION_V2
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.domain.networks import Generation, Probe
from cortensor_tui.domain.problems import ProblemError, problem_error

SETTING = "CORTENSOR_TUI_GENERATION"
ADDRESS_SETTINGS: Mapping[str, str] = {
    SESSION_V2: "CORTENSOR_TUI_SESSION_V2_ADDRESS",
    SESSION_QUEUE_V2: "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS",
}
MOST_ANSWER_CHARS = 120

# Plain getters without arguments: where they exist they cannot revert, so that a revert says they do not.
# Which generation has which is read from signatures.json. The first of each contract is in every generation
# of it and in no other contract.
QUESTIONS = (
    (SESSION_V2, "getSessionCount"),
    (SESSION_V2, "useDedicatedNodeSwitchModel"),
    (SESSION_V2, "getSessionDataAddress"),
    (SESSION_V2, "getSessionPaymentAddress"),
    (SESSION_V2, "tasksBeforeRelease"),
    (SESSION_QUEUE_V2, "getSessionQueueValidationAddress"),
    (SESSION_QUEUE_V2, "version"),
    (SESSION_QUEUE_V2, "subversion"),
    (SESSION_QUEUE_V2, "getSessionQueueDataAddress"),
    (SESSION_QUEUE_V2, "usePaymentFlow"),
)


class _Reply(Enum):
    KNOWN = "it is there"
    UNKNOWN = "there is no such function"
    UNCLEAR = "it cannot be told"


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """One question with its reply; `generations` are those that have the function."""

    contract: str
    name: str
    generations: tuple[Generation, ...]
    reply: _Reply
    answer: str

    def probe(self) -> Probe:
        among = ", ".join(self.generations)
        return Probe(
            call=f"{self.contract}.{self.name}()",
            answer=self.answer,
            meaning=f"{self.reply.value} (generations with it: {among})",
        )


async def probe_generation(rpc: Rpc, contracts: Contracts) -> tuple[Generation, tuple[Probe, ...]]:
    """Return the generation of both contracts, and every call that told it, asked in one batch.

    Raises `ProblemError` "unexpected_contract" where a contract is of another kind, "unknown_generation"
    where the answers fit none of the three, "unclear_generation" where the endpoint left too many open.
    """
    addresses = {SESSION_V2: contracts.session_v2, SESSION_QUEUE_V2: contracts.session_queue_v2}
    functions = [_function(contract, name) for contract, name in QUESTIONS]
    answers = await rpc.batch(
        [
            ("eth_call", ({"to": addresses[contract], "data": encode_call(function)}, "latest"))
            for (contract, _), function in zip(QUESTIONS, functions, strict=True)
        ]
    )
    told = [
        _told(contract, function, answer)
        for (contract, _), function, answer in zip(QUESTIONS, functions, answers, strict=True)
    ]
    for contract, address in addresses.items():
        _require_kind(contract, address, [one for one in told if one.contract == contract])
    return _decide(told), tuple(one.probe() for one in told)


def _decide(told: Sequence[_Told]) -> Generation:
    fitting = [generation for generation in Generation if all(_fits(one, generation) for one in told)]
    if len(fitting) == 1:
        return fitting[0]
    said = "; ".join(f"{one.contract}.{one.name}(): {one.answer}" for one in told)
    if fitting:
        raise problem_error(
            "unclear_generation",
            "The endpoint's answers do not tell yet which generation the contracts are of",
            said,
            f"The node asks again; setting {SETTING} to old, mid or new spares it the question",
        )
    raise problem_error(
        "unknown_generation",
        "The contracts are of no generation that this program knows, or of two",
        said,
        f"Check that both contract addresses are of one network; if they are, set {SETTING} to the "
        "generation that comes nearest: old, mid or new",
    )


def _fits(told: _Told, generation: Generation) -> bool:
    return told.reply is _Reply.UNCLEAR or (told.reply is _Reply.KNOWN) == (generation in told.generations)


def _require_kind(contract: str, address: str, told: Sequence[_Told]) -> None:
    if told[0].reply is not _Reply.UNKNOWN:
        return
    raise problem_error(
        "unexpected_contract",
        f"The contract at {address} is not {contract}",
        f"it does not know {told[0].name}(), which every generation of {contract} has",
        f"Correct {ADDRESS_SETTINGS[contract]}",
    )


def _function(contract: str, name: str) -> Function:
    for generation in Generation:
        functions = load_interface(contract, generation).functions
        if name in functions:
            return functions[name]
    raise KeyError(name)


def _told(contract: str, function: Function, answer: Any) -> _Told:
    reply, words = _read(function, answer)
    having = [one for one in Generation if function.name in load_interface(contract, one).functions]
    return _Told(
        contract=contract,
        name=function.name,
        generations=tuple(having),
        reply=reply,
        answer=words[:MOST_ANSWER_CHARS],
    )


def _read(function: Function, answer: Any) -> tuple[_Reply, str]:
    if isinstance(answer, RpcError):
        if classify(answer) is not SendError.REVERTED:
            return _Reply.UNCLEAR, f"the endpoint refused: {answer.message}"
        if not revert_bytes(answer.data):
            return _Reply.UNKNOWN, "reverted without a reason"
        # A getter that minds who asks, or a proxy that says it has no such function.
        return _Reply.UNCLEAR, f"reverted: {revert_sentence(answer.data, answer.message)}"
    if not isinstance(answer, str):
        return _Reply.UNCLEAR, f"not hex: {answer!r}"
    if answer == "0x":
        return _Reply.UNKNOWN, "nothing"
    try:
        values = decode_output(function, answer)
    except ProblemError:
        return _Reply.UNCLEAR, f"not what the function returns: {answer}"
    return _Reply.KNOWN, str(values[0])
