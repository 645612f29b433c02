"""What a busy node tells: a run without end, transactions, and a chain with four blocks a second."""

from __future__ import annotations

import asyncio
import itertools
import time

import msgspec

from cortensor_tui.domain.inference import Finished, FinishReason, Prefilled, Token
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.live import LiveRuns
from cortensor_tui.node.messages import SessionsChanged, StatusChanged, TaskChanged, TransactionChanged
from cortensor_tui.node.service import TELL_S
from tests.dashboard import samples

TOKENS_PER_S = 100
ANSWER_TOKENS = 400
BLOCKS_PER_S = 4
MINED_AFTER_S = 0.6
SERVED_ONE_IN = 4
_WORDS = samples.ANSWER.split()


class BusyLife:
    """Tells a hub what a node with so many sessions tells, at the node's own rhythm."""

    def __init__(self, hub: Hub, sessions: int) -> None:
        self._hub = hub
        self._live = LiveRuns(hub)
        self._sessions = [_session(number) for number in range(1, sessions + 1)]
        self._head = 1_000
        self._answered = 0
        self._transaction_ids = itertools.count(1)
        self._task: TaskView | None = None

    def begin(self) -> None:
        """Tell what a snapshot holds of a node that has been up for a while."""
        self._hub.publish(SessionsChanged(tuple(self._sessions)))
        for number in range(50):
            self._hub.publish(TaskChanged(_task(TaskKey(1, number), Stage.ENDED)))
        for _ in range(100):
            self._send(TransactionState.MINED)
        self._tell_status()

    async def go_on(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as work:
            work.create_task(self._keep_answering())
            work.create_task(self._live.keep_flushing())
            work.create_task(self._keep_telling())
            work.create_task(self._keep_sending())

    async def _keep_answering(self) -> None:
        for number in itertools.count(50):
            key = TaskKey(1 + SERVED_ONE_IN * (number % 3), number)
            self._hub.publish(TaskChanged(_task(key, Stage.ACKED)))
            self._live.start(key, samples.PROMPT)
            began_s = time.monotonic()
            self._live.event(key, Prefilled(prompt_tokens=31, prefill_ms=80.0))
            for count in range(1, ANSWER_TOKENS + 1):
                await asyncio.sleep(max(0.0, began_s + count / TOKENS_PER_S - time.monotonic()))
                at_ms = (time.monotonic() - began_s) * 1000
                text = f"{_WORDS[count % len(_WORDS)]} "
                self._live.event(key, Token(text=text, count=count, at_ms=at_ms))
            self._live.event(key, _finished())
            self._live.stop(key, "")
            self._hub.publish(TaskChanged(_task(key, Stage.ENDED)))
            self._answered += 1
            self._count_task(key.session_id)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            self._live.sample()
            self._head += BLOCKS_PER_S
            self._tell_status()

    async def _keep_sending(self) -> None:
        while True:
            sent = self._send(TransactionState.SENT)
            await asyncio.sleep(MINED_AFTER_S)
            mined = msgspec.structs.replace(
                sent, state=TransactionState.MINED, mined_at=time.time(), block_number=self._head,
                gas_used=90_000, fee_wei="120000000000000",
            )  # fmt: skip
            self._hub.publish(TransactionChanged(mined))
            await asyncio.sleep(1 - MINED_AFTER_S)

    def _send(self, state: TransactionState) -> Transaction:
        number, now = next(self._transaction_ids), time.time()
        kind = (TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT)[number % 3]
        transaction = samples.transaction(
            number, kind, state, hash=f"0x{number:064x}", created_at=now, sent_at=now,
            mined_at=now if state is TransactionState.MINED else None,
        )  # fmt: skip
        self._hub.publish(TransactionChanged(transaction))
        return transaction

    def _count_task(self, session_id: int) -> None:
        view = self._sessions[session_id - 1]
        self._sessions[session_id - 1] = msgspec.structs.replace(view, task_count=(view.task_count or 0) + 1)
        self._hub.publish(SessionsChanged(tuple(self._sessions)))

    def _tell_status(self) -> None:
        now, before = time.time(), samples.status()
        chain = msgspec.structs.replace(
            before.chain, head_number=self._head, head_at=now, head_seen_at=now,
            latency_ms=4.0 + self._head % 7 / 10,
        )  # fmt: skip
        account = msgspec.structs.replace(before.node, read_at=now)
        status = samples.status(
            chain=chain, node=account, owner=account, started_at=now - 3600, answered_tasks=self._answered
        )
        self._hub.publish(StatusChanged(status))


def _session(number: int) -> SessionView:
    is_served = number % SERVED_ONE_IN == 1
    nodes = (samples.NODE,) if is_served else ()
    return SessionView(
        session=samples.session(number, f"session number {number}", dedicated_nodes=nodes),
        service=Service.SERVED if is_served else Service.NOT_BOUND,
        reason="",
        is_mine=True,
        task_count=number,
    )


def _task(key: TaskKey, stage: Stage) -> TaskView:
    now = time.time()
    if stage is Stage.ENDED:
        return samples.task(
            key.task_id, stage, key=key, assigned_at=now - 7, acked_at=now - 6, precommitted_at=now - 2,
            committed_at=now - 1, ended_at=now, answer=samples.ANSWER, answer_hash="0x" + "ab" * 32,
            prompt_tokens=31, answer_tokens=ANSWER_TOKENS, decode_tokens_per_s=float(TOKENS_PER_S),
        )  # fmt: skip
    return samples.task(key.task_id, stage, key=key, assigned_at=now, acked_at=now)


def _finished() -> Finished:
    return Finished(
        reason=FinishReason.STOP,
        prompt_tokens=31,
        answer_tokens=ANSWER_TOKENS,
        prefill_ms=80.0,
        first_token_ms=90.0,
        decode_ms=ANSWER_TOKENS / TOKENS_PER_S * 1000,
    )
