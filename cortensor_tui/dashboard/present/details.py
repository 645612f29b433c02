"""All there is to know of one thing, as labelled values for the details screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from cortensor_tui.dashboard.format import (
    UNKNOWN,
    ether,
    exact_moment,
    mebibytes,
    milliseconds,
    moment,
    number,
    rate,
)
from cortensor_tui.dashboard.present.engine import restarts_of
from cortensor_tui.dashboard.present.ipfs import ipfs_facts, ipfs_word
from cortensor_tui.domain.gpus import GpuReading
from cortensor_tui.domain.health import Account, ChainHealth, NodeStatus
from cortensor_tui.domain.inference import SelfTest


class Detail(NamedTuple):
    """One labelled value. `text` may hold foreign text of many lines; whoever draws it makes it inert."""

    label: str
    text: str
    role: str = "plain"


Details = list[Detail]


def _chain(chain: ChainHealth) -> Iterator[Detail]:
    yield Detail("network", f"{chain.network}, chain {UNKNOWN if chain.chain_id is None else chain.chain_id}")
    yield Detail("endpoint", f"{chain.endpoint}, {milliseconds(chain.latency_ms)}")
    yield Detail("head", f"{number(chain.head_number)}, block time {moment(chain.head_at)}")
    yield from _generation(chain)
    yield Detail("session", chain.session_address or UNKNOWN)
    yield Detail("queue", chain.queue_address or UNKNOWN)
    if chain.unread_since is not None:
        yield Detail("", f"the chain answered last at {moment(chain.unread_since)}", "warn")
    if chain.replaced is not None:
        told = f"{exact_moment(chain.replaced.at)}, before that it began with {chain.replaced.genesis_hash}"
        yield Detail("chain replaced", told, "warn")
    if chain.error:
        yield Detail("chain error", chain.error, "bad")


def _generation(chain: ChainHealth) -> Iterator[Detail]:
    if chain.origin is not None:
        told = "probed" if chain.origin.is_probed else "set"
        yield Detail("generation", f"{chain.origin.generation} ({told})")


def _ipfs(status: NodeStatus) -> Iterator[Detail]:
    ipfs = status.store.ipfs
    if ipfs is None:
        return
    told = ", ".join(
        span.text for fact in ipfs_facts(msgspec.structs.replace(ipfs, error="")) for span in fact
    )
    yield Detail("ipfs", f"{ipfs_word(ipfs)}, {told}")
    if ipfs.error:
        yield Detail("ipfs error", ipfs.error, "bad")


def node_details(status: NodeStatus) -> Details:
    """Return everything the node says of itself."""
    chain, store = status.chain, status.store
    problem = status.problem
    return [
        Detail("verdict", f"{status.verdict}: {status.reason}", "strong"),
        *([Detail("problem", problem.sentence(), "bad")] if problem else ()),
        *(Detail("warning", warning, "warn") for warning in status.warnings),
        *_accounts(status),
        *_chain(chain),
        *_engine(status),
        Detail(
            "store", f"{store.kind} {store.location}, {'writable' if store.is_writable else 'not writable'}"
        ),
        *([Detail("store error", store.error, "bad")] if store.error else ()),
        *_ipfs(status),
        Detail("tasks", f"{number(status.answered_tasks)} answered, {number(status.missed_tasks)} missed"),
        Detail("started", moment(status.started_at)),
        Detail("version", status.version),
        Detail("settings", status.settings_path),
    ]


def _engine(status: NodeStatus) -> Iterator[Detail]:
    engine = status.engine
    if status.is_watching:
        yield Detail("engine", "none: this node only watches")
        return
    yield Detail("engine", f"{engine.engine}, {engine.state}, {restarts_of(engine)}")
    if engine.busy_words:
        yield Detail("engine busy", engine.busy_words)
    if engine.silent_since is not None:
        yield Detail("engine silent", f"since {moment(engine.silent_since)}", "warn")
    if engine.died_at is not None:
        how = "engine died" if engine.is_ours else "engine lost"
        yield Detail(how, f"{exact_moment(engine.died_at)}: {engine.death}", "warn")
    yield Detail("model", engine.model or UNKNOWN)
    yield from _self_test(engine.self_test)
    yield Detail("context", f"{number(engine.context_tokens)} tokens, memory {mebibytes(engine.rss_bytes)}")
    if engine.facts is not None and engine.facts.gpu_layers:
        yield Detail("", f"{number(engine.facts.gpu_layers)} layers on the GPU")
    for warning in engine.warnings:
        yield Detail("engine warning", warning.sentence(), "warn")
    yield from _gpus(status.gpus)
    if engine.error:
        yield Detail("engine error", engine.error, "bad")


def _gpus(reading: GpuReading | None) -> Iterator[Detail]:
    if reading is None:
        return
    for gpu in reading.gpus:
        yield Detail("gpu", gpu.words)
    if reading.gpus:
        yield Detail("", f"NVIDIA driver {reading.driver or UNKNOWN}", "muted")
    if reading.problem is not None:
        yield Detail("gpu", reading.problem.sentence(), "warn")


def _self_test(found: SelfTest | None) -> Iterator[Detail]:
    if found is None:
        return
    speed = f"prefill {rate(found.prefill_tokens_per_s)}, decode {rate(found.decode_tokens_per_s)}"
    yield Detail("self-test", f"{number(found.answer_tokens)} tokens, {speed}, at {moment(found.at)}")
    if found.problem is not None:
        yield Detail("", found.problem.sentence(), "warn")


def _accounts(status: NodeStatus) -> Iterator[Detail]:
    if status.is_watching:
        yield from _account("watched", status.node)
        return
    yield from _account("node", status.node)
    yield from _account("owner", status.owner)


def _account(label: str, account: Account) -> Iterator[Detail]:
    yield Detail(label, account.address)
    yield Detail("", f"{ether(account.balance_wei, 18)}, read {moment(account.read_at)}", "muted")
