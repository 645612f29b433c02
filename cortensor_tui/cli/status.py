"""`status`: is the node serving, and if not, why."""

from __future__ import annotations

import time

from cortensor_tui.cli.asking import read_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import age, ether, labelled
from cortensor_tui.cli.options import AsJson, Env
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.cli.past import past_words
from cortensor_tui.cli.status_shape import status_json
from cortensor_tui.domain.endpoints import EndpointFault, EndpointHealth, EndpointState
from cortensor_tui.domain.gpus import GpuReading
from cortensor_tui.domain.health import Account, ChainHealth, IpfsHealth, NodeStatus
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.quantities import percent
from cortensor_tui.node.messages import GetStatus, StatusChanged

_ENDPOINT_CELLS = 80 - len("endpoint  ")
_TROUBLED = (EndpointState.UNKNOWN, EndpointState.RESTING, EndpointState.PROBING)


def status(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Tell whether the node serves, and what each thing it depends on says."""
    answer = read_node(env, GetStatus(), StatusChanged).status
    if as_json:
        print_json(status_json(answer))
    else:
        print_text(_for_people(answer))
    return Exit.DONE


def _for_people(status: NodeStatus) -> str:
    pairs = [
        (status.verdict.value, inert(status.reason)),
        *_accounts(status),
        ("chain", _chain(status.chain)),
        *_contracts(status.chain),
        *(("endpoint", _endpoint(one)) for one in _several(status.chain.endpoints)),
        ("engine", "none: this node only watches" if status.is_watching else _engine(status.engine)),
        *([] if status.is_watching else _engine_past(status.engine)),
        *_gpus(status.gpus),
        ("store", _joined(status.store.kind, status.store.location, status.store.error)),
        *([("ipfs", _ipfs(status.store.ipfs))] if status.store.ipfs else ()),
        ("tasks", _tally(status)),
        ("up", f"{age(status.started_at)}, version {inert(status.version)}, {inert(status.settings_path)}"),
    ]
    if status.problem is not None:
        pairs.insert(1, ("problem", inert(status.problem.sentence())))
    pairs.extend(("warning", inert(warning)) for warning in status.warnings)
    return labelled(pairs)


def _accounts(status: NodeStatus) -> list[tuple[str, str]]:
    if status.is_watching:
        return [("watched", _account(status.node))]
    is_same = status.owner.address == status.node.address
    return [("node", _account(status.node)), ("owner", "the same key" if is_same else _account(status.owner))]


def _account(account: Account) -> str:
    read = "" if account.read_at is None else f" ({age(account.read_at)} ago)"
    return f"{inert(account.address)}  {ether(account.balance_wei)}{read}"


def _chain(chain: ChainHealth) -> str:
    chain_id = "unknown" if chain.chain_id is None else str(chain.chain_id)
    head = "head unknown"
    if chain.head_number is not None:
        head = f"head {chain.head_number}, seen {age(chain.head_seen_at)} ago"
    return _joined(f"{chain.network}, chain id {chain_id}", head, chain.endpoint, chain.error)


def _tally(status: NodeStatus) -> str:
    if status.answered_tasks is None or status.missed_tasks is None:
        return "unknown"
    counted = f"{status.answered_tasks} answered, {status.missed_tasks} missed"
    return counted if status.past is None else f"{counted}; {past_words(status.past)}"


def _several(endpoints: tuple[EndpointHealth, ...]) -> tuple[EndpointHealth, ...]:
    """Return them where there is something to tell apart; of one alone the chain's line says it all."""
    return endpoints if len(endpoints) > 1 else ()


def _endpoint(endpoint: EndpointHealth) -> str:
    state = endpoint.state.value
    if endpoint.resting_until is not None:
        state += f" {max(0, round(endpoint.resting_until - time.time()))}s"
    is_troubled = endpoint.state in _TROUBLED or endpoint.fault is EndpointFault.STALE_HEAD
    if endpoint.fault is not None and is_troubled:
        state += f" ({endpoint.fault.value})"
    head = "head unknown" if endpoint.head_number is None else f"head {endpoint.head_number}"
    latency = "" if endpoint.latency_ms is None else f"{endpoint.latency_ms:.0f} ms"
    facts = _joined(state, head, latency)
    room = _ENDPOINT_CELLS - len(facts) - 2
    name = inert(endpoint.name)
    return f"{facts}  {name if len(name) <= room else name[: room - 1] + '…'}"


def _contracts(chain: ChainHealth) -> list[tuple[str, str]]:
    if chain.origin is None:
        return []
    told = "probed" if chain.origin.is_probed else "set"
    return [("contract", f"generation: {chain.origin.generation} ({told})")]


def _engine(engine: EngineHealth) -> str:
    state = engine.state.value
    if engine.loading_for is not None:
        state += f" {engine.model} for session {engine.loading_for}"
    if engine.step:
        state += f", {engine.step}"
    if engine.load_progress is not None and engine.load_progress < 1:
        state += f" {percent(engine.load_progress, 1)}"
    context = "" if engine.context_tokens is None else f"{engine.context_tokens} tokens of context"
    many = "s" if engine.restarts > 1 else ""
    often = f"{engine.restarts} restart{many}" if engine.is_ours else f"lost {engine.restarts} time{many}"
    restarts = often if engine.restarts else ""
    silent = "" if engine.silent_since is None else f"has not answered for {age(engine.silent_since)}"
    parts = (state, silent, engine.busy_words, engine.engine, engine.model, context, restarts)
    return _joined(*parts, engine.error)


def _engine_past(engine: EngineHealth) -> list[tuple[str, str]]:
    """Return how it ended last, in a line of its own; while it is not back its error says that."""
    if engine.died_at is None or engine.error:
        return []
    end = "died" if engine.is_ours else "lost"
    return [("", f"{end} {age(engine.died_at)} ago: {inert(engine.death)}")]


def _gpus(reading: GpuReading | None) -> list[tuple[str, str]]:
    if reading is None:
        return []
    if reading.problem is not None:
        return [("gpu", inert(reading.problem.sentence()))]
    return [("gpu", inert(gpu.words)) for gpu in reading.gpus]


def _ipfs(ipfs: IpfsHealth) -> str:
    asked = "not asked yet" if ipfs.out is None else f"{ipfs.count - ipfs.out} of {ipfs.count} answering"
    peers = f"peers {'unknown' if ipfs.peers is None else ipfs.peers}"
    waiting = f"{ipfs.waiting} waiting" if ipfs.waiting else ""
    return _joined(
        asked, waiting, ipfs.endpoint, ipfs.version and f"version {ipfs.version}", peers, ipfs.error
    )


def _joined(*parts: str) -> str:
    return "  ".join(inert(part) for part in parts if part)
