"""Typed reads of SessionV2 and SessionQueueV2, and the calls that write to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cortensor_tui.chain.abi import (
    Function,
    checksum,
    decode_arguments,
    decode_output,
    encode_call,
    load_interface,
)
from cortensor_tui.chain.rpc import Rpc, RpcError
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.sessions import Session
from cortensor_tui.domain.tasks import MinerResult, TaskDecoration, TaskKey, TaskOnChain

# A stranger can put 2**256-1 into any number; beyond what JSON carries exactly, only "huge" matters.
LARGEST_NUMBER = 2**53 - 1
BATCH_READS = 100
# A stranger chooses how long these are, and a thousand sessions travel in one list.
MOST_NAME_CHARS = 200
MOST_METADATA_CHARS = 1_000


class Contracts(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses a node works with, checksummed."""

    session_v2: str
    session_queue_v2: str


class ContractCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be sent: `text` is the decoded form for people, `data` is calldata in 0x hex."""

    to: str
    data: str
    text: str


class ContractReader:
    """Reads both contracts at the latest block, many values a request."""

    def __init__(self, rpc: Rpc, contracts: Contracts, active_session_state: int) -> None:
        self._rpc = rpc
        self._active_state = active_session_state
        self.contracts = contracts
        self.sessions_interface = load_interface("SessionV2")
        self.queue_interface = load_interface("SessionQueueV2")

    async def session_count(self) -> int:
        """Return how many sessions there are; ids run from 0."""
        return int((await self._session("getSessionCount", [()]))[0][0])

    async def sessions(self, session_ids: Sequence[int]) -> list[Session]:
        """Return the sessions asked for. Raises `ProblemError` "no_such_session"."""
        found = await self._session("getSession", [(session_id,) for session_id in session_ids])
        return [session_from_tuple(values[0], self._active_state) for values in found]

    async def session_exists(self, session_id: int) -> bool:
        """Tell whether the session exists."""
        return bool((await self._session("doesSessionExist", [(session_id,)]))[0][0])

    async def task_counts(self, session_ids: Sequence[int]) -> list[int]:
        """Return the number of tasks of each session."""
        if not session_ids:
            return []
        values = await self._queue("getTaskCountBySessionIds", [(list(session_ids),)])
        return [saturated(count) for count in values[0][0]]

    async def task(self, key: TaskKey) -> TaskOnChain:
        """Return one task."""
        values = await self._queue("getTask", [(key.session_id, key.task_id)])
        return task_from_tuple(values[0][0])

    async def tasks(self, keys: Sequence[TaskKey]) -> list[TaskOnChain]:
        """Return many tasks."""
        values = await self._queue("getTask", [(key.session_id, key.task_id) for key in keys])
        return [task_from_tuple(value[0]) for value in values]

    async def decoration(self, key: TaskKey) -> TaskDecoration:
        """Return how the task's prompt is to be treated."""
        values = await self._queue("getTaskDecoration", [(key.session_id, key.task_id)])
        return decoration_from_tuple(values[0][0])

    async def results(self, key: TaskKey) -> tuple[MinerResult, ...]:
        """Return the answer and precommitted hash of every miner that has precommitted."""
        miners, data, hashes = (
            await self._queue("getTaskResultsAndHashes", [(key.session_id, key.task_id)])
        )[0]
        return tuple(
            MinerResult(miner=checksum(miner), data=text, hash="0x" + digest.hex())
            for miner, text, digest in zip(miners, data, hashes, strict=True)
            if any(digest)
        )

    async def result_times(self, key: TaskKey, miner: str) -> tuple[bool, bool, bool]:
        """Tell whether this miner has acked, precommitted and committed, from the contract's timestamps."""
        arguments = (key.session_id, key.task_id)
        acked = await self._queue("getAllTaskResultAckedTimestamps", [arguments])
        precommit = await self._queue("getTaskResultPrecommitTimestamp", [(*arguments, miner)])
        commit = await self._queue("getTaskResultCommitTimestamp", [(*arguments, miner)])
        times = dict(zip((checksum(one) for one in acked[0][0]), acked[0][1], strict=True))
        return times.get(miner, 0) > 0, precommit[0][0] > 0, commit[0][0] > 0

    async def submitted_llm_params(self, transaction_hash: str) -> tuple[int, ...] | None:
        """Return the seven llmParams of a `submit`, from its calldata; the contract keeps only six of them.

        None when the task came by another way (a router's contract, say).
        """
        transaction = await self._rpc.call("eth_getTransactionByHash", transaction_hash)
        calldata = transaction.get("input") if isinstance(transaction, dict) else None
        if not isinstance(calldata, str):
            return None
        arguments = decode_arguments(self.sessions_interface.functions["submit"], calldata)
        return None if arguments is None else tuple(saturated(value) for value in arguments[5])

    async def remote_hash(self, text: str) -> str:
        """Return the queue's own hash of a text, 0x hex."""
        digest: bytes = (await self._queue("getHash", [(text,)]))[0][0]
        return "0x" + digest.hex()

    # --- calls that write --------------------------------------------------------------------------

    def session_call(self, name: str, *arguments: Any) -> ContractCall:
        """Return a call to SessionV2."""
        return _call(
            self.contracts.session_v2, "SessionV2", self.sessions_interface.functions[name], arguments
        )

    def queue_call(self, name: str, *arguments: Any) -> ContractCall:
        """Return a call to SessionQueueV2."""
        return _call(
            self.contracts.session_queue_v2, "SessionQueueV2", self.queue_interface.functions[name], arguments
        )

    # --- plumbing ----------------------------------------------------------------------------------

    async def _session(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return await self._read(self.contracts.session_v2, self.sessions_interface.functions[name], arguments)

    async def _queue(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return await self._read(
            self.contracts.session_queue_v2, self.queue_interface.functions[name], arguments
        )

    async def _read(
        self, address: str, function: Function, arguments: Sequence[tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        answers: list[tuple[Any, ...]] = []
        for part in _parts(arguments, BATCH_READS):
            batch = await self._rpc.batch(
                [
                    ("eth_call", ({"to": address, "data": encode_call(function, *one)}, "latest"))
                    for one in part
                ]
            )
            answers += [_answer(function, answer) for answer in batch]
        return answers


def _answer(function: Function, answer: Any) -> tuple[Any, ...]:
    if isinstance(answer, RpcError):
        raise problem_error("read_refused", f"The contract refused {function.name}", answer.message)
    return decode_output(function, str(answer))


def _parts(items: Sequence[tuple[Any, ...]], size: int) -> Iterable[Sequence[tuple[Any, ...]]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _call(address: str, contract: str, function: Function, arguments: tuple[Any, ...]) -> ContractCall:
    shown = ", ".join(_shown(argument) for argument in arguments)
    return ContractCall(
        to=address, data=encode_call(function, *arguments), text=f"{contract}.{function.name}({shown})"
    )


def _shown(argument: Any) -> str:
    text = "0x" + argument.hex() if isinstance(argument, bytes) else str(argument)
    return text if len(text) <= 66 else text[:63] + "..."


def saturated(value: int) -> int:
    """Return the number, or the largest that JSON carries exactly."""
    return min(int(value), LARGEST_NUMBER)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _time(value: int) -> float | None:
    return float(saturated(value)) or None


def session_from_tuple(values: Sequence[Any], active_state: int) -> Session:
    """Return a session from SessionData's struct (order in cortensor-protocol.md, 4.3)."""
    return Session(
        session_id=saturated(values[0]),
        name=_cut(values[2], MOST_NAME_CHARS),
        metadata=_cut(values[3], MOST_METADATA_CHARS),
        state=values[4],
        is_active=values[4] == active_state,
        created_at=float(saturated(values[5])),
        updated_at=float(saturated(values[6])),
        owner=checksum(values[7]),
        ephemeral_nodes=tuple(checksum(node) for node in values[8]),
        dedicated_nodes=tuple(checksum(node) for node in values[9]),
        mode=saturated(values[10]),
        redundant=saturated(values[11]),
        min_nodes=saturated(values[12]),
        max_nodes=saturated(values[13]),
        validator_nodes=saturated(values[14]),
        sla=saturated(values[17]),
        model_identifier=saturated(values[18]),
        reserve_period_s=saturated(values[19]),
        max_task_executions=saturated(values[20]),
    )


def task_from_tuple(values: Sequence[Any]) -> TaskOnChain:
    """Return a task from SessionQueueData.Task (order in cortensor-protocol.md, 5.3)."""
    return TaskOnChain(
        key=TaskKey(saturated(values[2]), saturated(values[0])),
        global_id=saturated(values[1]),
        data=values[3],
        assigned_miners=tuple(checksum(miner) for miner in values[4]),
        is_ended=values[5],
        status=values[6],
        created_at=float(saturated(values[7])),
        last_precommit_at=_time(values[8]),
        last_commit_at=_time(values[9]),
        finished_at=_time(values[10]),
    )


def decoration_from_tuple(values: Sequence[Any]) -> TaskDecoration:
    """Return a decoration from SessionQueueData.TaskDecoration (order in cortensor-protocol.md, 5.3)."""
    return TaskDecoration(
        prompt_type=saturated(values[3]),
        prompt_template=values[4],
        max_tokens=saturated(values[5]),
        temperature=saturated(values[6]),
        top_p=saturated(values[7]),
        top_k=saturated(values[8]),
        presence_penalty=saturated(values[9]),
        frequency_penalty=saturated(values[10]),
    )
