"""Finds out at start which chain this is and where its contracts are, and checks both."""

from __future__ import annotations

import msgspec
from eth_utils.crypto import keccak

from cortensor_tui.chain.abi import RUNTIME_GET_MODULE, checksum, decode_output, encode_call, load_interface
from cortensor_tui.chain.contracts import ContractReader, Contracts
from cortensor_tui.chain.rpc import Rpc, RpcError, endpoint_name, quantity
from cortensor_tui.domain.problems import ProblemError, problem_error


class ChainIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Which chain answers; a restarted devnet has the same id and another genesis."""

    chain_id: int
    genesis_hash: str


class KnownAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say; None where they say nothing."""

    runtime: str | None = None
    session_v2: str | None = None
    session_queue_v2: str | None = None


def answer_hash(text: str) -> str:
    """Return the hash a precommit carries: keccak256 of the UTF-8 bytes, 0x hex (checked at start)."""
    return "0x" + keccak(text=text).hex()


async def identify_chain(rpc: Rpc, expected_chain_id: int | None) -> ChainIdentity:
    """Return the chain's identity. Raises "wrong_chain" when its id is not the one in the settings."""
    answers = await rpc.batch([("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False))])
    if not isinstance(answers[0], str) or not isinstance(answers[1], dict):
        raise problem_error(
            "no_rpc",
            f"The endpoint {endpoint_name(rpc.url)} does not speak Ethereum's JSON-RPC",
            str(answers[0])[:200],
            "Check HOST",
        )
    found = quantity(answers[0], 2**63 - 1)
    if expected_chain_id is not None and found != expected_chain_id:
        raise problem_error(
            "wrong_chain",
            f"The endpoint {endpoint_name(rpc.url)} serves chain {found}, not {expected_chain_id} as set",
            "HOST and CHAINID do not belong together",
            "Correct one of them",
        )
    return ChainIdentity(chain_id=found, genesis_hash=str(answers[1].get("hash")))


async def resolve_contracts(rpc: Rpc, known: KnownAddresses) -> Contracts:
    """Return the contracts: from the settings, else from SessionV2's getter, else from the Runtime."""
    session = known.session_v2 or await _from_runtime(rpc, known.runtime, "SessionV2")
    if session is None:
        raise _unresolved("SessionV2", "CORTENSOR_TUI_SESSION_V2_ADDRESS", known)
    await _require_code(rpc, session, "SessionV2", "CORTENSOR_TUI_SESSION_V2_ADDRESS")
    queue = known.session_queue_v2 or await _queue_of(rpc, session)
    queue = queue or await _from_runtime(rpc, known.runtime, "SessionQueueV2")
    if queue is None:
        raise _unresolved("SessionQueueV2", "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS", known)
    await _require_code(rpc, queue, "SessionQueueV2", "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS")
    return Contracts(session_v2=checksum(session), session_queue_v2=checksum(queue))


async def check_hash(reader: ContractReader) -> None:
    """Compare the queue's hash with ours. Raises "other_hash": then no precommit could be kept."""
    remote, local = await reader.remote_hash("abc"), answer_hash("abc")
    if remote != local:
        raise problem_error(
            "other_hash",
            "This network hashes answers in a way this program does not know",
            f"getHash('abc') is {remote} there and {local} here",
            "Nothing is served, since a commit could not match its precommit; update the program",
        )


async def _from_runtime(rpc: Rpc, runtime: str | None, module: str) -> str | None:
    if runtime is None:
        return None
    call = {"to": runtime, "data": encode_call(RUNTIME_GET_MODULE, module)}
    try:
        return _address_in(str(await rpc.call("eth_call", call, "latest")))
    except RpcError:
        return None  # the network's own Runtime has no such function: the settings must tell


async def _queue_of(rpc: Rpc, session: str) -> str | None:
    getter = load_interface("SessionV2").functions["getSessionQueueAddress"]
    try:
        return _address_in(
            str(await rpc.call("eth_call", {"to": session, "data": encode_call(getter)}, "latest"))
        )
    except RpcError:
        return None


def _address_in(answer: str) -> str | None:
    try:
        address = checksum(decode_output(RUNTIME_GET_MODULE, answer)[0])
    except ProblemError:
        return None
    return None if int(address, 16) == 0 else address


async def _require_code(rpc: Rpc, address: str, contract: str, setting: str) -> None:
    if await rpc.call("eth_getCode", address, "latest") in ("0x", "0x0", None):
        raise problem_error(
            "no_contract",
            f"There is no contract at {address}",
            f"{contract} was expected there on the chain that {endpoint_name(rpc.url)} serves",
            f"Correct CONTRACT_ADDRESS_RUNTIME, or set {setting}",
        )


def _unresolved(contract: str, setting: str, known: KnownAddresses) -> ProblemError:
    if known.runtime is None:
        why = "no address is set"
    else:
        why = f"the contract at CONTRACT_ADDRESS_RUNTIME, {known.runtime}, does not tell it"
    return problem_error(
        "unresolved_contract",
        f"The address of {contract} is not known",
        why,
        f"Set {setting} in the settings",
    )
