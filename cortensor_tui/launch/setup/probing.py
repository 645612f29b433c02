"""Probes of what is typed while a node is set up: each asks the thing itself and tells what it found."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import platformdirs

from cortensor_tui.chain.contracts.reader import Contracts
from cortensor_tui.chain.networks.probe import probe_generation
from cortensor_tui.chain.networks.profiles import choose_profile
from cortensor_tui.chain.networks.resolve import KnownAddresses, check_network, resolve_contracts
from cortensor_tui.chain.rpc.client import RpcClient, endpoint_name, quantity
from cortensor_tui.chain.signing.keystore import address_of, decrypt, read_keystore
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.launch.passwords import require_good_password
from cortensor_tui.launch.setup.address import address_finding, found_on_chain
from cortensor_tui.launch.setup.engine import engine_findings
from cortensor_tui.settings import NotAccepted, parse_private_key
from cortensor_tui.settings.parsers import parse_address, parse_url
from cortensor_tui.settings.setup_draft import Finding, KeyWay, SetupDraft, Step

PROBE_TIMEOUT_S = 10.0
MIB = 1024 * 1024
GIB = 1024 * MIB
LEAST_FREE_BYTES = GIB
NEEDED_BYTES = 64 * MIB
OLD_HEAD_S = 120.0
CHECK_PATH = "Check the path; the right arrow completes one as you type"
CHECK_SERVER = "Check the address, the model's name and the token file, and the server's own log"
# What to do while settings are still to be written: none can be corrected, and no node tries again.
_REMEDIES = {
    (Step.ENDPOINT, "no_rpc"): "Check the address, or give another server of this chain",
    (Step.CONTRACTS, "no_rpc"): "Go back and check the endpoint",
    (Step.ADDRESS, "no_rpc"): "Go back and check the endpoint",
    (Step.KEY, "private_file_missing"): CHECK_PATH,
    (Step.ENGINE, "model_missing"): f"{CHECK_PATH}, or leave it empty for the small default",
    (Step.ENGINE, "model_foreign"): "Name a GGUF file, or leave it empty for the small default",
    (Step.ENGINE, "no_such_model"): f"{CHECK_PATH}; the names are told by: cortensor-tui models list",
    (Step.ENGINE, "engine_failed"): CHECK_SERVER,
    (Step.ENGINE, "engine_died"): CHECK_SERVER,
    (Step.ENGINE, "engine_refused"): CHECK_SERVER,
    (Step.ENGINE, "engine_busy"): CHECK_SERVER,
    (Step.ENGINE, "docker_unreachable"): "Restart Docker, or choose another engine",
    (Step.ENGINE, "private_file_missing"): CHECK_PATH,
    (Step.CONTRACTS, "unresolved_contract"): "Give its address above, or go back and choose another network",
    (Step.CONTRACTS, "no_contract"): "Check the address above, and that the endpoint is of this network",
}


async def probe(
    step: Step, draft: SetupDraft, environ: Mapping[str, str] = MappingProxyType({})
) -> tuple[Finding, ...]:
    """Return what is found about one step's fields; raises nothing, a problem is a finding too.

    `environ` may name where Docker listens.
    """
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            return await _probe(step, draft, environ)
    except TimeoutError:
        return (Finding(field=step.value, is_good=False, text="no answer came", remedy="Try again"),)
    except ProblemError as error:
        problem = error.problem
        remedy = _REMEDIES.get((step, problem.code), problem.remedy)
        return (problem_finding(step.value, msgspec.structs.replace(problem, remedy=remedy)),)
    except (OSError, RuntimeError, ValueError) as error:  # a path or a number that is none
        text = inert(str(error), 300)
        return (Finding(field=step.value, is_good=False, text=text, remedy="Correct it"),)


async def _probe(step: Step, draft: SetupDraft, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    match step:
        case Step.ENDPOINT:
            return await _endpoint(draft)
        case Step.CONTRACTS:
            return await _contracts(draft)
        case Step.ADDRESS:
            return await _watched(draft)
        case Step.KEY:
            return await asyncio.to_thread(_key, draft)
        case Step.ENGINE:
            return await engine_findings(draft, environ)
        case Step.STORE:
            return (await asyncio.to_thread(_store, draft.data_dir.strip()),)
        case Step.NETWORK | Step.SUMMARY:
            return ()


def problem_finding(field: str, problem: Problem) -> Finding:
    """Return a problem as a finding."""
    text = ": ".join(part for part in (problem.what, problem.why) if part)
    return Finding(field=field, is_good=False, text=inert(text, 400), remedy=inert(problem.remedy, 300))


async def _endpoint(draft: SetupDraft) -> tuple[Finding, ...]:
    if not draft.host.strip():
        text = "no endpoint is known for this network"
        remedy = f"Give the address of a JSON-RPC server of chain {inert(draft.chain_id.strip(), 30)}"
        return (Finding(field="host", is_good=False, text=text, remedy=remedy),)
    try:
        url = parse_url(draft.host.strip())
    except NotAccepted as error:
        remedy = error.remedy or "Give one such as https://rpc.example.org"
        return (Finding(field="host", is_good=False, text=f"JSON-RPC {error.what}", remedy=remedy),)
    told_id, block, took_ms = await _chain_and_head(url)
    if not isinstance(told_id, str) or not isinstance(block, dict):
        text = f"{endpoint_name(url)} does not speak Ethereum's JSON-RPC"
        return (Finding(field="host", is_good=False, text=text, remedy="Give another endpoint"),)
    chain_id = quantity(told_id, 2**63 - 1)
    title = choose_profile(chain_id, draft.runtime or None).title
    return (
        Finding(field="host", is_good=True, text=f"answers in {took_ms:.0f} ms: {title}"),
        _head(quantity(block.get("number")), quantity(block.get("timestamp"))),
        _chain(chain_id, draft.chain_id.strip()),
    )


async def _chain_and_head(url: str) -> tuple[object, object, float]:
    """Return what an endpoint answers for its chain's id and newest block, and after how many ms."""
    rpc = RpcClient(url)
    try:
        began_s = time.monotonic()
        told_id, block = await rpc.batch([("eth_chainId", ()), ("eth_getBlockByNumber", ("latest", False))])
        return told_id, block, (time.monotonic() - began_s) * 1000
    finally:
        await rpc.close()


def _head(number: int, mined_at: int) -> Finding:
    age_s = max(0.0, time.time() - mined_at)
    is_good = True if age_s < OLD_HEAD_S else None
    return Finding(field="host", is_good=is_good, text=f"head {number:,}, {age_s:.0f} s old")


def _chain(served_id: int, wanted: str) -> Finding:
    if wanted == str(served_id):
        return Finding(field="chain_id", is_good=True, text=f"chain {served_id}")
    text = f"the endpoint serves chain {served_id}, not {inert(wanted, 30) or 'one with no number'}"
    return Finding(field="chain_id", is_good=False, text=text, remedy="Correct the address or the chain id")


async def _contracts(draft: SetupDraft) -> tuple[Finding, ...]:
    known = _known(draft)
    chain_id = int(draft.chain_id)
    check_network(chain_id, known.runtime)
    rpc = RpcClient(draft.host.strip())
    try:
        resolved = await resolve_contracts(rpc, known, choose_profile(chain_id, known.runtime))
        contracts: Contracts = resolved.contracts
        generation, probes = await probe_generation(rpc, contracts)
    finally:
        await rpc.close()
    found = [
        Finding(field=one.name, is_good=True, text=f"{one.name} {one.address}, {one.source}")
        for one in resolved.found
    ]
    told = f"interface of generation {generation.value}, told by {len(probes)} calls"
    found.append(Finding(field="generation", is_good=True, text=told))
    return (*found, *(Finding(field="contracts", is_good=None, text=one) for one in resolved.warnings))


async def _watched(draft: SetupDraft) -> tuple[Finding, ...]:
    is_one = address_finding(draft.watch_address.strip())
    if not is_one.is_good:
        return (is_one,)
    known = _known(draft)
    rpc = RpcClient(draft.host.strip())
    try:
        profile = choose_profile(int(draft.chain_id), known.runtime)
        return (is_one, *await found_on_chain(rpc, is_one.text, known, profile))
    finally:
        await rpc.close()


def _known(draft: SetupDraft) -> KnownAddresses:
    return KnownAddresses(
        runtime=_address("Runtime", draft.runtime),
        session_v2=_address("Session", draft.session_address),
        session_queue_v2=_address("Queue", draft.queue_address),
    )


def _address(label: str, text: str) -> str | None:
    try:
        return parse_address(text.strip()) if text.strip() else None
    except NotAccepted as error:
        remedy = "Give 0x and 40 hex digits, or leave it empty"
        raise problem_error("bad_address", f"{label} {error.what}", "", remedy) from error


def _key(draft: SetupDraft) -> tuple[Finding, ...]:
    password = draft.password.reveal()
    if draft.key_way is KeyWay.EXISTING:
        keystore = read_keystore(Path(draft.keystore.strip()).expanduser())
        address = keystore.address or "an address that it does not tell"
        found = Finding(field="keystore", is_good=True, text=f"a keystore of {address}")
        if not password:
            return (found, _missing("password", "the password is still to be given"))
        key = decrypt(keystore, password)
        return (found, Finding(field="password", is_good=True, text=f"opens the key of {address_of(key)}"))
    found_key: tuple[Finding, ...] = ()
    if draft.key_way is KeyWay.IMPORTED:
        try:
            key = parse_private_key(draft.private_key.reveal().strip())
        except NotAccepted as error:
            text = f"it {error.what}"
            remedy = error.remedy or "Give 64 hex digits, with or without 0x"
            return (Finding(field="private_key", is_good=False, text=text, remedy=remedy),)
        found_key = (Finding(field="private_key", is_good=True, text=f"the key of {address_of(key)}"),)
    return (*found_key, _new_password(draft))


def _new_password(draft: SetupDraft) -> Finding:
    password = draft.password.reveal()
    if not password:
        return _missing("password", "the keystore needs a password")
    try:
        require_good_password(password)
    except ProblemError as error:
        return problem_finding("password", error.problem)
    if not draft.password_again.reveal():
        return _missing("password_again", "the password is to be given once more")
    if password != draft.password_again.reveal():
        return _missing("password_again", "the two passwords differ")
    return Finding(
        field="password",
        is_good=True,
        text="good; keep it, nobody can restore it",
    )


def _missing(field: str, text: str) -> Finding:
    return Finding(field=field, is_good=False, text=text, remedy="Type it twice; it is not shown")


def _store(text: str) -> Finding:
    folder = Path(text).expanduser() if text else platformdirs.user_data_path("cortensor-tui")
    nearest = next(one for one in (folder, *folder.absolute().parents) if os.path.exists(one))
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding(
            field="data_dir",
            is_good=False,
            text=f"{nearest} cannot be written",
            remedy="Choose another folder, or mend its rights",
        )
    free = shutil.disk_usage(nearest).free
    if free < NEEDED_BYTES:
        return Finding(
            field="data_dir",
            is_good=False,
            text=f"{folder}: {free // MIB:,} MiB are free, too little for a journal",
            remedy="Choose a folder on another disk",
        )
    if free < LEAST_FREE_BYTES:
        return Finding(
            field="data_dir",
            is_good=None,
            text=f"{folder}: only {free // MIB:,} MiB are free",
            remedy="Free some disk space before the node runs long",
        )
    return Finding(field="data_dir", is_good=True, text=f"{folder}: {free // GIB:,} GiB are free")
