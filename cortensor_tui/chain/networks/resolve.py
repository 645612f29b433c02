"""Finds out at start which chain this is and where its contracts are, and checks both."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import (
    RUNTIME_GET_MODULE,
    Function,
    checksum,
    decode_output,
    encode_call,
    load_interface,
)
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.contracts.send_errors import SendError, classify
from cortensor_tui.chain.networks.probe import ADDRESS_SETTINGS
from cortensor_tui.chain.networks.profiles import (
    RUNTIME,
    SESSION_QUEUE_V2,
    SESSION_V2,
    NetworkProfile,
    load_profiles,
)
from cortensor_tui.chain.rpc.client import Rpc, RpcError, endpoint_name, quantity
from cortensor_tui.domain.networks import Found, Standing
from cortensor_tui.domain.problems import ProblemError, problem_error

RUNTIME_SETTING = "CONTRACT_ADDRESS_RUNTIME"
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
# Both generations' getter is the same one, so it may be asked before the generation is known.
_QUEUE_GETTER = load_interface(SESSION_V2).functions["getSessionQueueAddress"]


class ChainIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Which chain answers; a restarted devnet has the same id and another genesis."""

    chain_id: int
    genesis_hash: str


class KnownAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say; None where they say nothing."""

    runtime: str | None = None
    session_v2: str | None = None
    session_queue_v2: str | None = None


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """The contracts with how each was found. `warnings` are sentences about what may be wrong with them."""

    contracts: Contracts
    found: tuple[Found, ...]
    warnings: tuple[str, ...] = ()


def answer_hash(text: str) -> str:
    """Return the hash a precommit carries: keccak256 of the UTF-8 bytes, 0x hex (checked at start)."""
    return "0x" + keccak(text=text).hex()


async def identify_chain(rpc: Rpc, expected_chain_id: int | None) -> ChainIdentity:
    """Return the chain's identity. Raises "wrong_chain" when its id is not the one in the settings."""
    answers = await rpc.batch([("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False))])
    genesis_hash = answers[1].get("hash") if isinstance(answers[1], dict) else None
    if (
        not isinstance(answers[0], str)
        or not isinstance(genesis_hash, str)
        or not _HASH.fullmatch(genesis_hash)
    ):
        raise problem_error(
            "no_rpc",
            f"The endpoint {endpoint_name(rpc.url)} does not speak Ethereum's JSON-RPC",
            f"its chain id and first block are {str(answers[0])[:60]!r} and {str(answers[1])[:99]!r}",
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
    return ChainIdentity(chain_id=found, genesis_hash=genesis_hash)


def check_network(chain_id: int, runtime: str | None) -> None:
    """Raise "wrong_network" when the Runtime that is set is known to be on another chain.

    A local chain may be a copy of any network, so nothing is said there.
    """
    profiles = load_profiles().values()
    here = [profile for profile in profiles if chain_id in profile.chain_ids]
    if runtime is None or not here or any(profile.is_local for profile in here):
        return
    theirs = [one for one in profiles if one.runtime is not None and one.runtime.lower() == runtime.lower()]
    if theirs and not any(chain_id in profile.chain_ids for profile in theirs):
        chains = " or ".join(str(one) for one in theirs[0].chain_ids)
        raise problem_error(
            "wrong_network",
            f"{RUNTIME_SETTING} is that of {theirs[0].title}, which is on chain {chains}, not {chain_id}",
            "CHAINID and HOST are those of another network",
            f"Correct {RUNTIME_SETTING}, or CHAINID and HOST",
        )


async def check_hash(reader: ContractReader) -> str:
    """Compare the queue's hash of "abc" with ours and return it.

    Raises `ProblemError` "other_hash": then no precommit could be kept.
    """
    remote, local = await reader.remote_hash("abc"), answer_hash("abc")
    if remote != local:
        raise problem_error(
            "other_hash",
            "This network hashes answers in a way this program does not know",
            f"getHash('abc') is {remote} there and {local} here",
            "Nothing is served, since a commit could not match its precommit; update the program",
        )
    return remote


async def resolve_contracts(
    rpc: Rpc, known: KnownAddresses, profile: NetworkProfile | None = None
) -> Resolved:
    """Return where the contracts are, each by the first way that tells it.

    The ways in order: the setting; for SessionQueueV2 the getter of SessionV2; the Runtime; the network's
    profile. Raises `ProblemError` "no_contract" or "unresolved_contract" with the setting that would help.
    """
    search = _Search(rpc, known, profile)
    session = await search.find(SESSION_V2, known.session_v2)
    told = await search.ask(session.address, _QUEUE_GETTER)
    queue = await search.find(
        SESSION_QUEUE_V2, known.session_queue_v2, (f"told by {SESSION_V2} at {session.address}", told)
    )
    if told is not None and told != queue.address:
        search.warnings.append(
            f"{SESSION_QUEUE_V2} is {queue.address} ({queue.source}), but {SESSION_V2} works with {told}"
        )
    return Resolved(
        contracts=Contracts(session_v2=session.address, session_queue_v2=queue.address),
        found=(session, queue),
        warnings=tuple(search.warnings),
    )


class _Search:
    """One search; `warnings` gather what was found but may be wrong."""

    def __init__(self, rpc: Rpc, known: KnownAddresses, profile: NetworkProfile | None) -> None:
        self._rpc = rpc
        self._runtime = known.runtime or (None if profile is None else profile.runtime)
        self._is_runtime_set = known.runtime is not None
        self._profile = profile
        self.warnings: list[str] = []

    async def find(
        self, contract: str, set_to: str | None, getter: tuple[str, str | None] | None = None
    ) -> Found:
        """Return a contract by the first way that leads to one."""
        setting = ADDRESS_SETTINGS[contract]
        if set_to is not None:
            await self._require_code(set_to, contract, setting)
            return _found(contract, checksum(set_to), f"set as {setting}")
        failures = [f"{setting} is not set"]
        if getter is not None:
            source, address = getter
            if address is not None and await self._has_code(address):
                return _found(contract, address, source)
            failures.append(f"it is not {source}")
        ways: Sequence[Callable[[str, list[str]], Awaitable[Found | None]]] = (
            self._from_runtime,
            self._from_profile,
        )
        for way in ways:
            found = await way(contract, failures)
            if found is not None:
                return found
        raise problem_error(
            "unresolved_contract",
            f"The address of {contract} is not known",
            ", ".join(failures),
            f"Set {setting} in the settings",
        )

    async def ask(self, address: str, function: Function, *arguments: Any) -> str | None:
        """Return the address that a contract tells, None where it has no such function or knows none.

        Raises what the endpoint raises where it is not the contract that refuses.
        """
        call = {"to": address, "data": encode_call(function, *arguments)}
        try:
            answer = await self._rpc.call("eth_call", call, "latest")
        except RpcError as error:
            if classify(error) is not SendError.REVERTED:
                raise
            return None
        try:
            told = checksum(decode_output(function, str(answer))[0])
        except ProblemError:
            return None
        return None if int(told, 16) == 0 else told

    async def _from_runtime(self, contract: str, failures: list[str]) -> Found | None:
        if self._runtime is None:
            failures.append(f"{RUNTIME_SETTING} is not set")
            return None
        if self._is_runtime_set:
            await self._require_code(self._runtime, RUNTIME, RUNTIME_SETTING)
        address = await self.ask(self._runtime, RUNTIME_GET_MODULE, contract)
        if address is None:  # the network's own Runtime has no such function as far as is public
            failures.append(f"the Runtime at {self._runtime} does not tell it")
            return None
        await self._require_code(address, contract, ADDRESS_SETTINGS[contract])
        return _found(contract, address, f"told by the Runtime at {self._runtime}")

    async def _from_profile(self, contract: str, failures: list[str]) -> Found | None:
        module = self._profile.module(contract) if self._profile is not None else None
        if self._profile is None or module is None:
            failures.append("none is public for this network")
            return None
        if not await self._has_code(module.address):
            failures.append(f"there is no contract at {module.address}, as known from {module.source}")
            return None
        if module.standing is not Standing.STATED:
            self.warnings.append(
                f"The address of {contract}, {module.address}, is {module.standing.value} only (from "
                f"{module.source}); set {ADDRESS_SETTINGS[contract]} if you know better"
            )
        source = f"profile of {self._profile.title}, {module.standing.value}: {module.source}"
        return _found(contract, module.address, source)

    async def _has_code(self, address: str) -> bool:
        code = await self._rpc.call("eth_getCode", address, "latest")
        if code is not None and (not isinstance(code, str) or not code.startswith("0x")):
            raise problem_error(
                "bad_answer",
                "The chain endpoint answered something that is no contract code",
                repr(code)[:80],
                "Use another endpoint if this does not pass",
            )
        return code not in ("0x", "0x0", None)

    async def _require_code(self, address: str, contract: str, setting: str) -> None:
        if await self._has_code(address):
            return
        others = "" if setting == RUNTIME_SETTING else f", or set {setting}"
        raise problem_error(
            "no_contract",
            f"There is no contract at {address}",
            f"{contract} was expected there on the chain that {endpoint_name(self._rpc.url)} serves",
            f"Correct {RUNTIME_SETTING}{others}",
        )


def _found(contract: str, address: str, source: str) -> Found:
    return Found(name=contract, address=address, source=source, setting=ADDRESS_SETTINGS[contract])
