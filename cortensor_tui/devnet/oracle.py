"""The devnet's oracle: it reads open tasks, decides (decisions.py) and sends what it decided."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.contracts.abi import Function, decode_output, encode_call, load_interface
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.decisions import (
    Action,
    Assign,
    Deadlines,
    EndAck,
    EndCommit,
    EndPrecommit,
    OpenTask,
    SessionNodes,
    TaskPhase,
    TaskProgress,
    decide,
)
from cortensor_tui.devnet.deploy import DevnetContracts
from cortensor_tui.devnet.sender import RECEIPT_TIMEOUT_S, DevSender, Outgoing
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey

TICK_S = 0.3
LOST_AFTER_S = 30.0
BATCH_READS = 100
SENDS_A_TICK = 16
_ACTIVE = 1  # SessionState.Active in our contract
_MODEL_FIELD = 18  # of the session's struct, which ends before it in generation old

log = structlog.get_logger(__name__)


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    hash: str
    time_s: int


class Oracle:
    """Assigns queued tasks to their session's nodes, keeps deadlines, ends tasks. Holds nothing worth saving:
    a new one finds every open task in the contracts."""

    def __init__(
        self,
        rpc: Rpc,
        private_key: str,
        contracts: DevnetContracts,
        deadlines: Deadlines,
        tick_s: float = TICK_S,
        lost_after_s: float = LOST_AFTER_S,
        generation: Generation = Generation.NEW,
        receipt_timeout_s: float = RECEIPT_TIMEOUT_S,
    ) -> None:
        self._rpc = rpc
        self._sender = DevSender(rpc, private_key, receipt_timeout_s)
        self._contracts = contracts
        self._deadlines = deadlines
        self._tick_s = tick_s
        self._lost_after_s = lost_after_s
        self._queue = load_interface("SessionQueueV2", generation).functions
        self._sessions = load_interface("SessionV2", generation).functions
        self._progress_of = load_artifact("SessionQueueV2", generation).function("getTaskProgress")
        self._head: _Head | None = None
        self._must_look = True
        self._task_counts: dict[int, int] = {}
        self._open: dict[TaskKey, TaskPhase] = {}

    async def run(self) -> None:
        """Oversee the tasks until cancelled; a chain that does not answer is asked again.

        Raises `ProblemError` "chain_lost" when it has not answered for `lost_after_s`.
        """
        failing_since: float | None = None
        while True:
            has_more = False
            try:
                has_more = await self.tick()
                failing_since = None
            except (ProblemError, RpcError) as error:
                self._forget()
                if failing_since is None:
                    failing_since = time.monotonic()
                    log.warning("oracle_cannot_read_the_chain", why=str(error))
                if time.monotonic() - failing_since >= self._lost_after_s:
                    raise _chain_lost(error) from error
            if not has_more:
                await asyncio.sleep(self._tick_s)

    async def tick(self) -> bool:
        """Look once, and act where something is due; return whether to look again at once.

        Raises `ProblemError` or `RpcError` when the chain cannot be read.
        """
        head = await self._read_head()
        if head == self._head and not self._must_look:
            return False
        self._head, self._must_look = head, True
        has_new = await self._discover()
        decided = [decide(task, head.time_s, self._deadlines) for task in await self._read_open()]
        actions = [action for action in decided if action is not None]
        has_acted = await self._act(actions[:SENDS_A_TICK])
        self._must_look = has_new or bool(actions)
        return has_new or has_acted

    async def _read_head(self) -> _Head:
        """Return the head; a head that does not stand on the last one makes every task new again."""
        asked: list[tuple[str, Sequence[Any]]] = [("eth_getBlockByNumber", ("latest", False))]
        if self._head is not None:
            asked.append(("eth_getBlockByNumber", (hex(self._head.number), False)))
        head, *last = [_required(answer) for answer in await self._rpc.batch(asked)]
        if self._head is not None and (last[0] or {}).get("hash") != self._head.hash:
            log.info("oracle_saw_reorg", number=self._head.number)
            self._forget()
        return _Head(
            number=int(head["number"], 16),
            hash=head["hash"],
            time_s=int(head["timestamp"], 16),
        )

    def _forget(self) -> None:
        """Take the chain for a new one: the next look reads every task again."""
        self._head = None
        self._must_look = True
        self._task_counts.clear()
        self._open.clear()

    async def _discover(self) -> bool:
        """Learn of sessions and tasks that came since; return whether there were any."""
        session_ids = list(self._task_counts)
        count, counts = await self._read(
            [
                (self._contracts.session_v2, self._sessions["getSessionCount"], ()),
                (self._contracts.session_queue_v2, self._queue["getTaskCountBySessionIds"], (session_ids,)),
            ]
        )
        has_new = False
        for session_id in range(len(session_ids), count):
            self._task_counts[session_id] = 0
            has_new = True
        for session_id, task_count in zip(session_ids, counts, strict=True):
            for task_id in range(self._task_counts[session_id], task_count):
                self._open[TaskKey(session_id, task_id)] = TaskPhase.QUEUED
                has_new = True
            self._task_counts[session_id] = task_count
        return has_new

    async def _read_open(self) -> list[OpenTask]:
        """Read the open tasks, and the sessions of those that are queued; forget the ended ones."""
        keys = list(self._open)
        queued = sorted({key.session_id for key, phase in self._open.items() if phase is TaskPhase.QUEUED})
        answers = await self._read(
            [
                *(
                    (self._contracts.session_queue_v2, self._progress_of, (key.session_id, key.task_id))
                    for key in keys
                ),
                *((self._contracts.session_v2, self._sessions["getSession"], (number,)) for number in queued),
            ]
        )
        sessions = dict(zip(queued, (_session_nodes(values) for values in answers[len(keys) :]), strict=True))
        tasks = []
        for key, values in zip(keys, answers, strict=False):
            progress = _progress(values)
            if progress.phase is TaskPhase.ENDED:
                del self._open[key]
                continue
            self._open[key] = progress.phase
            tasks.append(OpenTask(key=key, progress=progress, session=sessions.get(key.session_id)))
        return tasks

    async def _act(self, actions: Sequence[Action]) -> bool:
        """Send all and wait until they are mined; return whether all were."""
        outgoing = [self._outgoing(action) for action in actions]
        problems = await self._sender.send_all(outgoing)
        for one, problem in zip(outgoing, problems, strict=True):
            if problem is None:
                log.info("oracle_acted", action=one.text)
            else:  # a miner's last step may have come first; the next look tells
                log.info("oracle_refused", action=one.text, why=problem.sentence())
        return bool(problems) and not any(problems)

    def _outgoing(self, action: Action) -> Outgoing:
        task = (action.key.session_id, action.key.task_id)
        arguments: tuple[Any, ...]
        match action:
            case Assign(miners=miners, model_identifier=model_identifier):
                inputs = self._queue["assignTask"].inputs  # the earlier generations name no model
                name, arguments = "assignTask", (*task, miners, model_identifier)[: len(inputs)]
            case EndAck():
                name, arguments = "endAck", task
            case EndPrecommit():
                name, arguments = "endPrecommit", (*task, False)
            case EndCommit():
                name, arguments = "endCommit", (*task, False)
            case _:
                name, arguments = "end", (*task, action.by_force)
        return Outgoing(
            text=f"{name} {action.key}",
            to=self._contracts.session_queue_v2,
            data=encode_call(self._queue[name], *arguments),
        )

    async def _read(self, calls: Sequence[tuple[str, Function, tuple[Any, ...]]]) -> list[Any]:
        """Return the first value of each call's answer, all at the latest block."""
        values: list[Any] = []
        for start in range(0, len(calls), BATCH_READS):
            part = calls[start : start + BATCH_READS]
            answers = await self._rpc.batch(
                [
                    ("eth_call", ({"to": to, "data": encode_call(function, *arguments)}, "latest"))
                    for to, function, arguments in part
                ]
            )
            values += [
                decode_output(function, _required(answer))[0]
                for (_, function, _), answer in zip(part, answers, strict=True)
            ]
        return values


def _chain_lost(error: Exception) -> ProblemError:
    return problem_error(
        "chain_lost",
        "The devnet's chain does not answer any more",
        str(error),
        "Start the devnet again; with anvil and a state file it goes on where it was",
    )


def _required(answer: Any) -> Any:
    if isinstance(answer, RpcError):
        raise answer
    return answer


def _progress(values: Sequence[int]) -> TaskProgress:
    return TaskProgress(
        phase=TaskPhase(values[0]),
        phase_began_at=values[1],
        assigned=values[2],
        acked=values[3],
        precommitted=values[4],
        committed=values[5],
    )


def _session_nodes(values: Sequence[Any]) -> SessionNodes:
    """Pick from SessionData's struct what an assignment needs."""
    return SessionNodes(
        is_active=values[4] == _ACTIVE,
        dedicated_nodes=tuple(values[9]),
        redundant=values[11],
        model_identifier=values[_MODEL_FIELD] if len(values) > _MODEL_FIELD else 0,
    )
