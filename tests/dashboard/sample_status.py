"""How a node says it is, at the moment of the samples."""

from __future__ import annotations

from typing import Any

from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import (
    Account,
    ChainHealth,
    NodeStatus,
    Precondition,
    StoreHealth,
    Verdict,
)
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.throughput import KEPT_SPANS, Span, Throughput, span_start

from .sample_names import NODE, NOW, OWNER


def status(verdict: Verdict = Verdict.SERVING, **changes: Any) -> NodeStatus:
    """Return a healthy status, changed as asked."""
    values: dict[str, Any] = {
        "verdict": verdict,
        "reason": "answering task 7/12",
        "problem": None,
        "node": Account(
            address=NODE,
            balance_wei="9998712345678901234",
            read_at=NOW - 4,
            unlocked_from="keystore, password file",
        ),
        "owner": Account(address=OWNER, balance_wei="99012345678901234567", read_at=NOW - 4),
        "chain": ChainHealth(
            network="embedded devnet",
            endpoint="http://127.0.0.1:8545",
            chain_id=31337,
            head_number=1204,
            head_at=NOW - 3,
            head_seen_at=NOW - 2,
            head_alarm_s=60.0,
            latency_ms=4.2,
            queue_address="0x5FbDB2315678afecb367f032d93F642f64180aa3",
            session_address="0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
        ),
        "engine": EngineHealth(
            state=EngineState.BUSY,
            engine="llama.cpp",
            model="SmolLM2-135M-Instruct.Q4_1.gguf",
            context_tokens=2048,
            rss_bytes=402 * 2**20,
        ),
        "store": StoreHealth(
            kind="local", location="/home/me/.local/share/cortensor-tui/store", is_writable=True
        ),
        "started_at": NOW - 3600,
        "version": "0.1.0",
        "settings_path": "/home/me/.cortensor/.env",
        "answered_tasks": 11,
        "missed_tasks": 0,
        "preconditions": preconditions(),
        "gas": GasOutlook(
            price_wei="1500000000",
            task_gas=341_523,
            counted_tasks=11,
            tasks_left=19_517,
            day_budget_wei="500000000000000000",
            day_left_wei="494364870000000000",
        ),
        "registration": Registration(detail="not readable on this network: no public contract tells it"),
    }
    return NodeStatus(**(values | changes))


PRECONDITIONS = (
    ("dedicated mode is on", "ENABLE_DEDICATED_NODE is 1"),
    (
        "the chain answers, its contracts are found and read",
        "endpoint, chain id, contracts and hash agree with the settings",
    ),
    ("the model is running", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    ("journal and payloads can be written", "/home/me/.local/share/cortensor-tui/store"),
    ("the node can pay for gas", "its balance is above 0 wei, the least that is set"),
    ("the key may sign within its day's gas budget", "nothing was refused"),
    ("its transactions go through", "none is held up"),
    ("bound to an active session", "session 7"),
    ("a session it is bound to is served here", "session 7"),
    ("a served session has the nodes it asks for", "as many as its least number"),
)


def preconditions(**unmet: tuple[str, str]) -> tuple[Precondition, ...]:
    """Return all of them met, but those whose name has the words given; a value is detail and remedy."""

    def told(name: str, detail: str) -> Precondition:
        for words, (why, remedy) in unmet.items():
            if words.replace("_", " ") in name:
                return Precondition(name=name, is_met=False, detail=why, remedy=remedy)
        return Precondition(name=name, is_met=True, detail=detail)

    return tuple(told(name, detail) for name, detail in PRECONDITIONS)


def throughput() -> Throughput:
    """Return thirteen tasks over the last hour, three of them in one minute, faster and faster."""
    spans: dict[tuple[int, int], Span] = {}
    for place, minutes_ago in enumerate((48, 47, 40, 31, 30, 22, 21, 13, 6, 5, 1)):
        answered = 3 if minutes_ago == 21 else 1
        for length_s in KEPT_SPANS:
            start = span_start(NOW - 60 * minutes_ago, length_s)
            span = Span(
                start,
                length_s,
                answered=answered,
                prompt_tokens=31 * answered,
                prefill_s=answered * 31 / (300 + 10 * place),
                answer_tokens=58 * answered,
                decode_s=answered * 58 / (28 + 1.3 * place),
            )
            spans[length_s, start] = spans.get((length_s, start), Span(start, length_s)).plus(span)
    return Throughput().with_spans(tuple(spans.values()))


def blocked() -> NodeStatus:
    """Return the status of a node that cannot pay."""
    problem = Problem(
        code="no_balance",
        what="The node's account has no balance",
        why="every answer is three transactions, and each costs gas",
        remedy=f"Send a little ether to {NODE} on chain 31337",
    )
    return status(
        Verdict.BLOCKED,
        reason="the node's account has no balance",
        problem=problem,
        node=Account(address=NODE, balance_wei="0", read_at=NOW - 4),
        engine=EngineHealth(
            state=EngineState.LOADING, engine="llama.cpp", model="SmolLM2-135M", load_progress=0.4
        ),
        warnings=("No session is authorized for this node",),
        preconditions=preconditions(pay_for_gas=(f"{problem.what}: {problem.why}", problem.remedy)),
        gas=GasOutlook(price_wei="1500000000", task_gas=341_523, counted_tasks=11, tasks_left=0),
    )
