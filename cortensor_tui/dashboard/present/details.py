"""All there is to know of one thing, as labelled values for the details screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cortensor_tui.dashboard.format import (
    UNKNOWN,
    clock,
    ether,
    mebibytes,
    milliseconds,
    moment,
    number,
    rate,
)
from cortensor_tui.dashboard.present.private import answer_of, call_of, prompt_of
from cortensor_tui.domain.health import Account, ChainHealth, NodeStatus
from cortensor_tui.domain.inference import Clamp, SamplingParams
from cortensor_tui.domain.sessions import Session, SessionView
from cortensor_tui.domain.tasks import TaskTimes, TaskView
from cortensor_tui.domain.transactions import Attempt, Transaction


class Detail(NamedTuple):
    """One labelled value. `text` may hold foreign text of many lines; whoever draws it makes it inert."""

    label: str
    text: str
    role: str = "plain"


Details = list[Detail]


def session_details(view: SessionView) -> Details:
    """Return a session with its nodes and what this node makes of it."""
    session = view.session
    return [
        Detail("name", session.name or "(no name)", "strong"),
        Detail("this node", f"{view.service}: {view.reason}" if view.reason else str(view.service)),
        Detail("owner", f"{session.owner} (mine)" if view.is_mine else session.owner),
        Detail("state", f"{'active' if session.is_active else 'not active'} ({session.state})"),
        Detail("mode", session.mode_name),
        Detail("nodes", f"{session.min_nodes} to {session.max_nodes}, {session.redundant} answer each task"),
        *_addresses("dedicated", session.dedicated_nodes),
        *_addresses("ephemeral", session.ephemeral_nodes),
        Detail("tasks", number(view.task_count)),
        *_terms(session),
        Detail("created", moment(session.created_at)),
        Detail("updated", moment(session.updated_at)),
        Detail("metadata", session.metadata or UNKNOWN),
    ]


def _terms(session: Session) -> Iterator[Detail]:
    if session.model_identifier is None:  # the old generation of contracts keeps none of them
        yield Detail("limits", "this network's contracts keep none", "muted")
        return
    yield Detail("model", f"identifier {session.model_identifier}")
    yield Detail("limits", f"{session.max_task_executions} tasks in {session.reserve_period_s} s of reserve")


def _addresses(label: str, addresses: tuple[str, ...]) -> Iterator[Detail]:
    for index, address in enumerate(addresses or ("none",)):
        yield Detail(label if index == 0 else "", address, "plain" if addresses else "muted")


def transaction_details(one: Transaction) -> Details:
    """Return a transaction with its costs and times."""
    subject = str(one.task_key) if one.task_key else UNKNOWN
    found = [
        Detail("stage", str(one.kind), "strong"),
        Detail("state", str(one.state)),
        Detail("hash", one.hash),
        Detail("sender", one.sender),
        Detail("nonce", str(one.nonce)),
        Detail("session", UNKNOWN if one.session_id is None else str(one.session_id)),
        Detail("task", subject),
        Detail("block", number(one.block_number)),
        Detail("gas used", number(one.gas_used)),
        Detail("fee", ether(one.fee_wei, 18)),
        Detail("signed", moment(one.created_at)),
        Detail("sent", moment(one.sent_at)),
        Detail("mined", moment(one.mined_at)),
    ]
    if one.call:
        found.insert(2, Detail("call", call_of(one)))
    if one.waiting_for:
        found.append(Detail("waits", one.waiting_for, "warn"))
    if len(one.attempts) > 1:
        found += [Detail(f"attempt {attempt.number}", _attempt(attempt)) for attempt in one.attempts]
    return [*found, Detail("error", one.error, "bad")] if one.error else found


def _attempt(attempt: Attempt) -> str:
    fee = (
        "fee unknown" if attempt.max_fee_wei is None else f"at most {int(attempt.max_fee_wei) / 1e9:.9g} gwei"
    )
    said = f", {attempt.error}" if attempt.error else ""
    return f"{moment(attempt.sent_at)}, {fee}, {attempt.hash}{said}"


def task_details(task: TaskView, transactions: tuple[Transaction, ...]) -> Details:
    """Return a task with prompt, answer, figures, steps and its transactions."""
    answer = answer_of(task)
    return [
        Detail("stage", f"{task.stage}{f': {task.note}' if task.note else ''}", "strong"),
        Detail("prompt", prompt_of(task)),
        Detail("answer", UNKNOWN if answer is None else answer),
        Detail("hash", task.answer_hash or UNKNOWN),
        Detail("tokens", f"prompt {number(task.prompt_tokens)}, answer {number(task.answer_tokens)}"),
        Detail(
            "speed", f"prefill {rate(task.prefill_tokens_per_s)}, decode {rate(task.decode_tokens_per_s)}"
        ),
        Detail("first token", milliseconds(task.first_token_ms)),
        *_parameters(task),
        *_steps(task),
        *_way(task.times),
        *([] if task.gas_fee_wei is None else [Detail("gas paid", ether(task.gas_fee_wei, 18))]),
        *(_sent(one) for one in transactions if one.task_key == task.key),
    ]


def _parameters(task: TaskView) -> Iterator[Detail]:
    if task.asked is not None:
        yield Detail("asked", _sampling(task.asked))
    if task.applied is not None and task.applied != task.asked:
        yield Detail("applied", _sampling(task.applied))
    for clamp in task.clamps:
        yield Detail("clamped", _clamp(clamp), "warn")


def _sampling(params: SamplingParams) -> str:
    return (
        f"max {params.max_tokens} tokens, temperature {params.temperature:g}, top-p {params.top_p:g}, "
        f"top-k {params.top_k}, repeat penalty {params.repeat_penalty:g}, "
        f"presence {params.presence_penalty:g}, frequency {params.frequency_penalty:g}"
    )


def _clamp(clamp: Clamp) -> str:
    return f"{clamp.name}: {clamp.asked:g} asked, {clamp.applied:g} applied: {clamp.reason}"


def _steps(task: TaskView) -> Iterator[Detail]:
    start = task.assigned_at
    for label, at in (
        ("assigned", task.assigned_at),
        ("acked", task.acked_at),
        ("precommitted", task.precommitted_at),
        ("committed", task.committed_at),
        ("ended", task.ended_at),
    ):
        after = f"  (+{at - start:.1f} s)" if at is not None and start is not None and at > start else ""
        yield Detail(label, clock(at) + after, "plain" if at is not None else "muted")
    if task.deadline_at is not None:
        yield Detail("deadline", clock(task.deadline_at))


def _way(times: TaskTimes) -> Iterator[Detail]:
    """Yield when each step was taken, counted from when the assignment was seen."""
    start = times.seen_at
    if start is None:
        return
    block = "" if times.assigned_block is None else f", assigned in block {times.assigned_block}"
    yield Detail("seen", f"{clock(start)}{block}")
    for label, at in (
        ("ack sent", times.ack_sent_at),
        ("ack mined", times.ack_mined_at),
        ("first token", times.first_token_at),
        ("last token", times.last_token_at),
        ("precommit sent", times.precommit_sent_at),
        ("precommit mined", times.precommit_mined_at),
        ("all precommitted", times.all_precommitted_at),
        ("commit sent", times.commit_sent_at),
        ("commit mined", times.commit_mined_at),
    ):
        if at is not None:
            yield Detail(label, f"+{at - start:.3f} s")


def _sent(one: Transaction) -> Detail:
    return Detail(str(one.kind), f"{one.state}  nonce {one.nonce}  {one.hash}")


def _chain(chain: ChainHealth) -> Iterator[Detail]:
    yield Detail("network", f"{chain.network}, chain {UNKNOWN if chain.chain_id is None else chain.chain_id}")
    yield Detail("endpoint", f"{chain.endpoint}, {milliseconds(chain.latency_ms)}")
    yield Detail("head", f"{number(chain.head_number)}, block time {moment(chain.head_at)}")
    yield from _generation(chain)
    yield Detail("session", chain.session_address or UNKNOWN)
    yield Detail("queue", chain.queue_address or UNKNOWN)
    if chain.error:
        yield Detail("chain error", chain.error, "bad")


def _generation(chain: ChainHealth) -> Iterator[Detail]:
    if chain.origin is not None:
        told = "probed" if chain.origin.is_probed else "set"
        yield Detail("generation", f"{chain.origin.generation} ({told})")


def node_details(status: NodeStatus) -> Details:
    """Return everything the node says of itself."""
    chain, engine, store = status.chain, status.engine, status.store
    problem = status.problem
    return [
        Detail("verdict", f"{status.verdict}: {status.reason}", "strong"),
        *([Detail("problem", problem.sentence(), "bad")] if problem else ()),
        *(Detail("warning", warning, "warn") for warning in status.warnings),
        *_account("node", status.node),
        *_account("owner", status.owner),
        *_chain(chain),
        Detail("engine", f"{engine.engine}, {engine.state}, {engine.restarts} restarts"),
        Detail("model", engine.model or UNKNOWN),
        Detail("context", f"{number(engine.context_tokens)} tokens, memory {mebibytes(engine.rss_bytes)}"),
        *([Detail("engine error", engine.error, "bad")] if engine.error else ()),
        Detail(
            "store", f"{store.kind} {store.location}, {'writable' if store.is_writable else 'not writable'}"
        ),
        *([Detail("store error", store.error, "bad")] if store.error else ()),
        Detail("tasks", f"{number(status.answered_tasks)} answered, {number(status.missed_tasks)} missed"),
        Detail("started", moment(status.started_at)),
        Detail("version", status.version),
        Detail("settings", status.settings_path),
    ]


def _account(label: str, account: Account) -> Iterator[Detail]:
    yield Detail(label, account.address)
    yield Detail("", f"{ether(account.balance_wei, 18)}, read {moment(account.read_at)}", "muted")
