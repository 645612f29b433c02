"""Answers what clients ask over the socket."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.node.call_messages import Call, GetCall
from cortensor_tui.node.chain_room import ChainRoom
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.history_messages import (
    GetTask,
    GetTasks,
    GetTransactions,
    TaskOutcome,
    Tasks,
    Transactions,
    Verify,
    WaitTask,
)
from cortensor_tui.node.log_messages import GetLogs
from cortensor_tui.node.logs.desk import LogDesk
from cortensor_tui.node.messages import (
    Attach,
    Done,
    GetSessions,
    GetStatus,
    ReplyBody,
    RequestBody,
    Reveal,
    SessionsChanged,
    StatusChanged,
    Stop,
)
from cortensor_tui.node.network_messages import GetNetwork
from cortensor_tui.node.owner_messages import SendSigned, Sent
from cortensor_tui.node.session_list import SessionList, read_session
from cortensor_tui.node.session_messages import GetSession, HandOver, SetRouter
from cortensor_tui.node.settings_desk import SettingsDesk
from cortensor_tui.node.settings_messages import SettingsRequest
from cortensor_tui.node.verification import verify
from cortensor_tui.node.verification.evidence import Ground
from cortensor_tui.node.work import ChainWork
from cortensor_tui.storage.local_store import LocalStore

TASK_LOOK_S = 0.5
LOOKS_A_REQUEST = 20
LONGEST_WAIT_S = 3600.0

_STATUS_WORDS = ("queued", "assigned", "precommitted", "committed", "ended")


class RequestDesk:
    """One answer a request."""

    def __init__(
        self,
        status: Callable[[], NodeStatus],
        store: LocalStore,
        history: HistoryDesk,
        chain: ChainRoom,
        stop: Callable[[], None],
        settings: SettingsDesk,
        logs: LogDesk,
        look_at_gpus: Callable[[], Awaitable[None]],
    ) -> None:
        self._status = status
        self._store = store
        self._history = history
        self._chain = chain
        self._stop = stop
        self._settings = settings
        self._logs = logs
        self._look_at_gpus = look_at_gpus

    async def answer(self, body: RequestBody) -> ReplyBody:
        """Return the answer. Raises `ProblemError` for what cannot be done."""
        if isinstance(body, GetStatus | GetNetwork | GetLogs | SettingsRequest):
            return await self._answered_without_chain(body)
        match body:
            case GetSessions():
                return SessionsChanged(self._sessions().views())
            case GetTasks() | GetTask() | GetTransactions() | GetCall():
                return await self._past(body)
            case WaitTask():
                return await self._wait_task(body)
            case Verify():
                return await verify(self._ground(), body.key)
            case Stop():
                asyncio.get_running_loop().call_later(0.1, self._stop)  # the answer leaves first
                return Done()
            case GetSession():
                work = self._connected()
                return await read_session(work.link.reader, work.sessions, body.session_id)
            case Attach() | Reveal():
                raise problem_error("unknown_request", "The node does not know this request")
            case HandOver() | SetRouter() | SendSigned():
                return await self._changed_silently(body)
            case _:
                return await self._connected().owner_desk.answer(body)

    async def _answered_without_chain(
        self, body: GetStatus | GetNetwork | GetLogs | SettingsRequest
    ) -> ReplyBody:
        match body:
            case GetLogs():
                return await self._logs.answer(body)
            case GetStatus():
                await self._look_at_gpus()
                return StatusChanged(self._status())
            case GetNetwork():
                return self._chain.report()
            case _:
                return self._settings.answer(body)

    async def _past(
        self, body: GetTasks | GetTask | GetTransactions | GetCall
    ) -> Tasks | Transactions | Call:
        """Return what was asked of the past, that of the chain served last where none has answered yet."""
        chain, past = self._chain.readable, self._chain.past
        if chain is None:
            raise self._not_connected()
        answer = await self._history.answer(body, chain)
        if past is None or isinstance(answer, Call):
            return answer
        return msgspec.structs.replace(answer, past=past.told)

    async def _changed_silently(self, body: HandOver | SetRouter | SendSigned) -> ReplyBody:
        """Do what no event of the contract may tell a session of, and read the session anew."""
        work = self._connected()
        reply = await work.owner_desk.answer(body)
        if isinstance(reply, Sent) and reply.session_id is not None:
            await work.sessions.reread(reply.session_id)
        return reply

    async def _wait_task(self, body: WaitTask) -> TaskOutcome:
        reader = self._connected().link.reader
        task, missed, looks = await self._task(body.key), None, itertools.count(1)
        with suppress(TimeoutError):  # the outcome tells how far it came
            async with asyncio.timeout(min(body.timeout_s, LONGEST_WAIT_S)):
                while not task.is_ended and missed is None:
                    await asyncio.sleep(TASK_LOOK_S)
                    # Our own work on it is told as it moves on, which costs no request; but it may halt.
                    if self._is_going_on(body.key) and next(looks) % LOOKS_A_REQUEST:
                        continue
                    missed = self._missed(body.key)
                    with suppress(ProblemError):  # the chain may be away for a while
                        task = await self._task(body.key)
        if not task.is_ended:
            with suppress(ProblemError):
                task = await self._task(body.key)
        stage = "ended" if task.is_ended else _status_word(task.status)
        return TaskOutcome(
            key=body.key,
            stage=stage if missed is None else Stage.MISSED.value,
            is_ended=task.is_ended,
            results=await reader.results(body.key),
            note=missed or "",
            clamps=() if (record := self._record(body.key)) is None else record.details.clamps,
        )

    def _record(self, key: TaskKey) -> TaskRecord | None:
        return self._connected().link.journal.tasks.get(key)

    def _is_going_on(self, key: TaskKey) -> bool:
        """Tell whether this node works on the task."""
        record = self._record(key)
        return record is not None and not record.stage.is_final

    def _missed(self, key: TaskKey) -> str | None:
        """Return why this node gave the task up, None where it did not."""
        record = self._record(key)
        return record.note if record is not None and record.stage is Stage.MISSED else None

    async def _task(self, key: TaskKey) -> TaskOnChain:
        return await self._connected().link.reader.task(key)

    def _ground(self) -> Ground:
        link = self._connected().link
        return Ground(
            rpc=link.rpc,
            reader=link.reader,
            journal=link.journal,
            store=self._store,
            node=link.node_address,
            finality=link.profile.finality,
            log_span_blocks=link.profile.log_span_blocks,
            is_watching=self._status().is_watching,
        )

    def _sessions(self) -> SessionList:
        sessions = self._connected().sessions
        if not sessions.is_read:
            raise problem_error(
                "not_read",
                "The node has not read its sessions yet",
                "it has just found its chain",
                "Try again in a moment",
            )
        return sessions

    def _connected(self) -> ChainWork:
        if self._chain.work is None:
            raise self._not_connected()
        return self._chain.work

    def _not_connected(self) -> ProblemError:
        problem = self._chain.problem
        return problem_error(
            "not_connected",
            "The node is not connected to its chain",
            problem.sentence() if problem else "it is still starting",
            "Try again when its status says so",
        )


def _status_word(status: int) -> str:
    return _STATUS_WORDS[status] if status < len(_STATUS_WORDS) else f"status {status}"
