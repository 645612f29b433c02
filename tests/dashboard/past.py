"""A past for scripted nodes: a way known in full, a missed task, a clamped parameter, a proof."""

from __future__ import annotations

from math import inf
from typing import Any

import msgspec

from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Account, ChainHealth, Verdict
from cortensor_tui.domain.inference import Clamp, EngineHealth, EngineState
from cortensor_tui.domain.list_orders import task_number, transaction_number
from cortensor_tui.domain.logs import LogLevel, LogLine
from cortensor_tui.domain.networks import Registration, ServedChain
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskCursor, TaskKey, TaskTimes, TaskView
from cortensor_tui.domain.transactions import Attempt, Transaction, TransactionKind, TransactionState
from cortensor_tui.domain.verification import Finding, ProofCheck, ProofVerdict, Verification
from cortensor_tui.node.call_messages import Argument, Call, GetCall
from cortensor_tui.node.history_messages import (
    Count,
    GetTask,
    GetTasks,
    GetTransactions,
    Tasks,
    Transactions,
    Verify,
)
from cortensor_tui.node.log_messages import GetLogs, Logs
from cortensor_tui.node.messages import ReplyBody, RequestBody, Snapshot

from . import samples
from .scripted_node import ScriptedNode

CAUSE = "the task ended before the precommit was sent: the engine was away"


def missed() -> TaskView:
    """Return a task that the node missed an hour ago."""
    return samples.task(
        2,
        Stage.MISSED,
        key=TaskKey(8, 2),
        assigned_at=samples.NOW - 3600,
        acked_at=samples.NOW - 3590,
        ended_at=samples.NOW - 3500,
        note=CAUSE,
    )


def clamped(task: TaskView) -> TaskView:
    """Return the task with one parameter that was asked too high."""
    asked = msgspec.structs.replace(samples.params(), max_tokens=4096)
    clamps = (Clamp(name="max_tokens", asked=4096, applied=128, reason="the context has room for no more"),)
    return msgspec.structs.replace(task, asked=asked, applied=samples.params(), clamps=clamps)


def timed(task: TaskView) -> TaskView:
    """Return the task with every moment of its way."""
    start = task.assigned_at or samples.NOW
    return msgspec.structs.replace(
        task,
        ended_at=start + 12,
        first_token_ms=500.0,
        prompt_cid="bafkreifktd5avzhf7oo25kz2w4qilhoq7klquarg4xomzs4ytajab2n5oy",
        answer_cid="bafkreigkmvy3yhliavevolrxbgcvkpuo6tovp7uuli5z7vvndzybmrhzsm",
        gas_fee_wei="567808000000000",
        times=TaskTimes(
            assigned_block=1120,
            ack_mined_at=start + 1,
            first_token_at=start + 2.5,
            last_token_at=start + 5.5,
            precommit_mined_at=start + 6.5,
            all_precommitted_at=start + 9.5,
            commit_mined_at=start + 11,
        ),
    )


def proof(key: TaskKey) -> Verification:
    """Return a proof with one check of each kind."""
    checks = (
        ProofCheck(name="a", title="the answer's hash", finding=Finding.HOLDS, expected="0x" + "ab" * 32),
        ProofCheck(
            name="b", title="the result on chain", finding=Finding.FAILS, expected="one", found="two words"
        ),
        ProofCheck(name="c", title="the block of the ack", finding=Finding.UNKNOWN, detail="it was pruned"),
    )
    return Verification(
        key=key,
        node_address=samples.NODE,
        chain_id=31337,
        queue_address=samples.STRANGER,
        verdict=ProofVerdict.REFUTED,
        summary="the result on chain is another",
        checks=checks,
    )


def retried() -> Transaction:
    """Return a commit of the missed task: reverted, after a second attempt with a higher fee."""
    attempts = (
        Attempt(
            number=1,
            hash="0x" + "11" * 32,
            signed_at=samples.NOW - 3520,
            max_fee_wei="1500000000",
            priority_fee_wei="100000000",
            error="the endpoint did not answer",
        ),
        Attempt(number=2, hash="0x" + "22" * 32, signed_at=samples.NOW - 3510, max_fee_wei="3000000000"),
    )
    return samples.transaction(
        0,
        TransactionKind.COMMIT,
        TransactionState.REVERTED,
        task_key=TaskKey(8, 2),
        session_id=8,
        hash="0x" + "22" * 32,
        created_at=samples.NOW - 3520,
        sent_at=samples.NOW - 3510,
        mined_at=samples.NOW - 3500,
        block_number=77,
        gas_limit=240_000,
        gas_used=51_020,
        fee_wei="153060000000000",
        call="SessionQueueV2.commit(8, 2, 0x5061726973)",
        attempts=attempts,
        error="the task has ended",
    )


ANSWER = "Paris is the capital of France. " * 40


def call_of(one: Transaction) -> Call:
    """Return a commit as it was signed, whatever the transaction was."""
    values = (("sessionId", "uint256", "8"), ("taskId", "uint256", "2"), ("data", "string", ANSWER))
    calldata = "0x6ffd0b74" + ANSWER.encode().hex()
    return Call(
        transaction_id=one.transaction_id,
        kind=one.kind,
        target=samples.STRANGER,
        session_id=one.session_id,
        contract="SessionQueueV2",
        function="commit",
        arguments=tuple(
            Argument(name=name, kind=kind, value=value, chars=len(value)) for name, kind, value in values
        ),
        calldata=calldata,
        calldata_bytes=(len(calldata) - 2) // 2,
    )


def lines_of(key: TaskKey) -> tuple[LogLine, ...]:
    """Return what the log has of a task."""
    events = ((LogLevel.INFO, "acked"), (LogLevel.WARNING, "endpoint changed"), (LogLevel.INFO, "committed"))
    return tuple(
        LogLine(at=samples.NOW - 60 + number, level=level, room="miner.running", event=event, task=key)
        for number, (level, event) in enumerate(events)
    )


CHAIN_TROUBLE = Problem(
    code="no_rpc",
    what="The chain endpoint http://127.0.0.1:8545 did not answer",
    why="connection refused",
    remedy="Check its address in the settings and that it is up; the node keeps trying",
)


def before_a_chain_answered(**changes: Any) -> Snapshot:
    """Return what a node says whose chain is down since it started: the past of the one served last."""
    status = samples.status(
        Verdict.BLOCKED,
        reason=CHAIN_TROUBLE.what,
        problem=CHAIN_TROUBLE,
        node=Account(address=samples.NODE, unlocked_from="keystore, password file"),
        owner=Account(address=samples.OWNER),
        chain=ChainHealth(
            network="unknown", endpoint="http://127.0.0.1:8545", error=CHAIN_TROUBLE.sentence()
        ),
        engine=EngineHealth(state=EngineState.READY, engine="llama.cpp", model="SmolLM2-135M"),
        preconditions=samples.preconditions(chain_answers=(CHAIN_TROUBLE.what, CHAIN_TROUBLE.remedy)),
        gas=GasOutlook(),
        registration=Registration(),
        past=ServedChain(
            chain_id=31337,
            genesis_hash=samples.GENESIS,
            queue_address=samples.QUEUE,
            block_number=1204,
            read_at=samples.NOW - 3 * 3600,
        ),
    )
    changed = msgspec.structs.replace(status, **changes)
    return samples.snapshot(status=changed, sessions=(), live=None, rates=())


def answer_history(node: ScriptedNode) -> None:
    """Answer for the tasks of the snapshot and the missed one, as a node's journal would."""
    told = tuple(clamped(timed(one)) if one.key.task_id == 11 else one for one in node.snapshot.tasks)
    node.snapshot = msgspec.structs.replace(node.snapshot, tasks=told)
    past = (*told, missed())
    sent = (retried(), *node.snapshot.transactions)

    def tasks(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetTasks)
        wanted = [task for task in past if body.filter is None or body.filter.matches(task, samples.NOW)]
        placed = {TaskCursor(task_number(body.order, task), task.key): task for task in wanted}
        found = [
            placed[place]
            for place in sorted(placed, reverse=True)
            if (body.before is None or place < body.before) and (body.after is None or place > body.after)
        ]
        return Tasks(tuple(found[: body.limit]), count=Count(len(wanted)))

    def task(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetTask)
        return Tasks(tuple(one for one in past if one.key == body.key))

    def transactions(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetTransactions)
        found = [
            one
            for one in sent
            if (body.task is None or one.task_key == body.task)
            and (body.session_id is None or one.session_id == body.session_id)
            and (not body.kinds or one.kind in body.kinds)
            and (not body.states or one.state in body.states)
        ]
        placed = {(transaction_number(body.order, one), one.transaction_id): one for one in found}
        before = (inf,) if body.before is None else (body.number, body.before)
        after = (-inf,) if body.after is None else (body.number, body.after)
        page = [placed[place] for place in sorted(placed, reverse=True) if after < place < before]
        return Transactions(tuple(page[: body.limit]), count=Count(len(found)))

    def verify(body: RequestBody) -> ReplyBody:
        assert isinstance(body, Verify)
        return proof(body.key)

    def logs(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetLogs)
        return Logs(lines=() if body.task is None or body.after else lines_of(body.task), newest=9)

    def call(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetCall)
        return call_of(next(one for one in sent if one.transaction_id == body.transaction_id))

    node.answers[GetCall] = call
    node.answers[GetLogs] = logs
    node.answers[GetTasks] = tasks
    node.answers[GetTask] = task
    node.answers[GetTransactions] = transactions
    node.answers[Verify] = verify
