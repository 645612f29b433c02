"""A node's life at one frozen moment, for tests and snapshots: all the samples under one name."""

from __future__ import annotations

from typing import Any

from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Account, ChainHealth, Verdict
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.throughput import Throughput
from cortensor_tui.node.messages import PROTOCOL, Snapshot

from .sample_names import GENESIS, NODE, NOW, OWNER, QUEUE, SESSION_V2, STRANGER
from .sample_sessions import session, sessions
from .sample_status import PRECONDITIONS, blocked, preconditions, status, throughput
from .sample_tasks import ANSWER, PROMPT, ended_task, finished, live, params, rates, runs, task
from .sample_transactions import transaction, transactions

__all__ = [
    "ANSWER",
    "GENESIS",
    "NODE",
    "NOW",
    "OWNER",
    "PRECONDITIONS",
    "PROMPT",
    "QUEUE",
    "SESSION_V2",
    "STRANGER",
    "blocked",
    "empty_snapshot",
    "ended_task",
    "finished",
    "live",
    "params",
    "preconditions",
    "rates",
    "runs",
    "session",
    "sessions",
    "snapshot",
    "status",
    "task",
    "throughput",
    "transaction",
    "transactions",
]


def snapshot(**changes: Any) -> Snapshot:
    """Return everything at once."""
    values: dict[str, Any] = {
        "protocol": PROTOCOL,
        "sequence": 100,
        "status": status(),
        "sessions": sessions(),
        "tasks": (*(ended_task(n) for n in range(1, 12)), task(12, Stage.ACKED, acked_at=NOW - 8)),
        "transactions": transactions(),
        "live": live(),
        "rates": rates(),
        "throughput": throughput(),
    }
    return Snapshot(**(values | changes))


def empty_snapshot() -> Snapshot:
    """Return a node that has just started and knows little yet."""
    waiting = status(
        Verdict.WAITING,
        reason="no session is bound to this node",
        node=Account(address=NODE),
        chain=ChainHealth(network="embedded devnet", endpoint="http://127.0.0.1:8545"),
        engine=EngineHealth(
            state=EngineState.READY, engine="llama.cpp", model="SmolLM2-135M-Instruct.Q4_1.gguf"
        ),
        answered_tasks=None,
        missed_tasks=None,
        gas=GasOutlook(),
        registration=Registration(),
        preconditions=(),
    )
    return snapshot(
        status=waiting,
        sessions=(),
        tasks=(),
        transactions=(),
        live=None,
        rates=(),
        throughput=Throughput(),
    )
