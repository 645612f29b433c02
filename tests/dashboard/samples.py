"""A node's life at one frozen moment, for tests and snapshots."""

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
from cortensor_tui.domain.inference import EngineHealth, EngineState, Finished, FinishReason, SamplingParams
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service, Session, SessionView
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.domain.throughput import KEPT_SPANS, Span, Throughput, span_start
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.live_messages import LiveInference
from cortensor_tui.node.messages import PROTOCOL, Snapshot

NOW = 1_790_000_000.0
NODE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
STRANGER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
PROMPT = "Explain in two sentences why the sea is salty."
ANSWER = (
    "The sea is salty because rain slowly dissolves minerals out of rocks on land, and rivers carry them "
    "to the ocean. Water evaporates again, but the salts stay behind, so over millions of years they "
    "have become"
)


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


SESSION_V2 = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
QUEUE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
GENESIS = "0x" + "5e" * 32


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


def session(session_id: int, name: str, **changes: Any) -> Session:
    """Return an active dedicated session."""
    values: dict[str, Any] = {
        "session_id": session_id,
        "name": name,
        "metadata": "",
        "state": 1,
        "is_active": True,
        "owner": OWNER,
        "mode": 2,
        "redundant": 1,
        "min_nodes": 1,
        "max_nodes": 1,
        "validator_nodes": 0,
        "ephemeral_nodes": (),
        "dedicated_nodes": (),
        "model_identifier": 0,
        "sla": 0,
        "reserve_period_s": 300,
        "max_task_executions": 5,
        "created_at": NOW - 7200,
        "updated_at": NOW - 600,
    }
    return Session(**(values | changes))


def sessions() -> tuple[SessionView, ...]:
    """Return one served, one to bind, one of somebody else and one that has ended."""
    return (
        SessionView(
            session=session(7, "harbour pilot", dedicated_nodes=(NODE,)),
            service=Service.SERVED,
            reason="",
            is_mine=True,
            task_count=12,
        ),
        SessionView(
            session=session(8, "to bind by hand"),
            service=Service.NOT_BOUND,
            reason="",
            is_mine=True,
            task_count=0,
        ),
        SessionView(
            session=session(
                9, "a stranger's [red]session[/]", owner=STRANGER, dedicated_nodes=(NODE,), max_nodes=3
            ),
            service=Service.REFUSED,
            reason="its owner is not authorized here",
            is_mine=False,
        ),
        SessionView(
            session=session(3, "last week", is_active=False, state=2),
            service=Service.INACTIVE,
            reason="",
            is_mine=True,
            task_count=40,
        ),
    )


def params() -> SamplingParams:
    """Return sampling as asked by default."""
    return SamplingParams(
        max_tokens=128,
        temperature=0.7,
        top_p=1.0,
        top_k=40,
        repeat_penalty=1.0,
        presence_penalty=0.0,
        frequency_penalty=0.0,
    )


def task(task_id: int, stage: Stage, **changes: Any) -> TaskView:
    """Return a task of session 7, assigned a minute before the next one."""
    values: dict[str, Any] = {
        "key": TaskKey(7, task_id),
        "stage": stage,
        "prompt": PROMPT,
        "asked": params(),
        "applied": params(),
        "assigned_at": NOW - 60 * (13 - task_id),
    }
    return TaskView(**(values | changes))


def ended_task(task_id: int) -> TaskView:
    """Return a task that went all the way."""
    start = NOW - 60 * (13 - task_id)
    return task(
        task_id,
        Stage.ENDED,
        answer="Rivers carry dissolved minerals to the sea.\nThe water leaves; the salt stays.",
        answer_hash="0x" + f"{task_id:02x}" * 32,
        prompt_tokens=31,
        answer_tokens=19,
        first_token_ms=83.0,
        prefill_tokens_per_s=373.0,
        decode_tokens_per_s=41.2,
        acked_at=start + 1.2,
        precommitted_at=start + 3.4,
        committed_at=start + 5.1,
        ended_at=start + 7.0,
    )


def transaction(
    transaction_id: int, kind: TransactionKind, state: TransactionState, **changes: Any
) -> Transaction:
    """Return a transaction of the node for task 7/12."""
    values: dict[str, Any] = {
        "transaction_id": transaction_id,
        "kind": kind,
        "state": state,
        "sender": NODE,
        "nonce": 30 + transaction_id,
        "hash": "0x" + f"{(transaction_id + 160) % 256:02x}" * 32,
        "created_at": NOW - 100 + transaction_id * 10,
        "session_id": 7,
        "task_key": TaskKey(7, 12),
    }
    return Transaction(**(values | changes))


def transactions() -> tuple[Transaction, ...]:
    """Return a finished answer, one underway and one that was reverted."""
    mined, kind = TransactionState.MINED, TransactionKind
    known = TaskKey(7, 11)
    return (
        transaction(
            1,
            kind.BIND,
            mined,
            task_key=None,
            mined_at=NOW - 90,
            block_number=1102,
            gas_used=84_311,
            fee_wei="100000000000000",
        ),
        transaction(
            2,
            kind.ACK,
            mined,
            task_key=known,
            mined_at=NOW - 80,
            block_number=1121,
            gas_used=61_004,
            fee_wei="10000000000000",
        ),
        transaction(
            3,
            kind.PRECOMMIT,
            mined,
            task_key=known,
            mined_at=NOW - 70,
            block_number=1123,
            gas_used=92_117,
            fee_wei="10000000000000",
        ),
        transaction(
            4,
            kind.COMMIT,
            mined,
            task_key=known,
            mined_at=NOW - 60,
            block_number=1125,
            gas_used=188_402,
            fee_wei="10000000000000",
        ),
        transaction(
            5,
            kind.SUBMIT,
            TransactionState.REVERTED,
            task_key=None,
            session_id=9,
            mined_at=NOW - 48,
            block_number=1150,
            gas_used=31_900,
            fee_wei="10000000000000",
            error="only the owner submits",
        ),
        transaction(
            6, kind.ACK, mined, mined_at=NOW - 8, block_number=1199, gas_used=61_004, fee_wei="10000000000000"
        ),
        transaction(7, kind.PRECOMMIT, TransactionState.SENT, sent_at=NOW - 1),
    )


def live(**changes: Any) -> LiveInference:
    """Return a run that streams."""
    values: dict[str, Any] = {
        "key": TaskKey(7, 12),
        "prompt": PROMPT,
        "answer": ANSWER,
        "token_count": 54,
        "started_at": NOW - 2,
        "prompt_tokens": 31,
        "first_token_ms": 83.4,
        "tokens_per_s": 41.2,
    }
    return LiveInference(**(values | changes))


def finished() -> Finished:
    """Return the end of that run."""
    return Finished(
        reason=FinishReason.STOP,
        prompt_tokens=31,
        answer_tokens=58,
        prefill_ms=81.0,
        first_token_ms=83.4,
        decode_ms=1400.0,
    )


def rates() -> tuple[float, ...]:
    """Return two runs with a rest between them."""
    return tuple(
        float(v) for v in (0, 0, 18, 41, 43, 42, 40, 44, 41, 12, 0, 0, 0, 9, 39, 42, 44, 43, 41, 42, 40, 41)
    )


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
