"""Typed reads of SessionV2 and SessionQueueV2, and the calls that write to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import (
    Function,
    checksum,
    decode_arguments,
    decode_output,
    encode_call,
)
from cortensor_tui.chain.contracts.contract_call import ContractCall, contract_call
from cortensor_tui.chain.contracts.decoding import (
    decoration_from_tuple,
    saturated,
    session_from_tuple,
    task_from_tuple,
)
from cortensor_tui.chain.contracts.generations import Reading, Values, dialect_of
from cortensor_tui.chain.contracts.numbers import PUBLIC_NUMBERS, ContractNumbers
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.sessions import Session
from cortensor_tui.domain.tasks import MinerResult, TaskDecoration, TaskKey, TaskOnChain

BATCH_READS = 100
# Longer than this, a session's tasks are no longer read as one list.
MOST_TASKS_IN_A_LIST = 500


class Contracts(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses a node works with, checksummed."""

    session_v2: str
    session_queue_v2: str


class ContractReader:
    """Reads both contracts at the latest block, many values a request, whatever generation they are of.

    `active_session_state` is the contracts' number for a session that is active; `numbers` has the others.
    """

    def __init__(
        self,
        rpc: Rpc,
        contracts: Contracts,
        active_session_state: int,
        generation: Generation = Generation.NEW,
        numbers: ContractNumbers = PUBLIC_NUMBERS,
    ) -> None:
        self._rpc = rpc
        self._active_state = active_session_state
        self.numbers = numbers
        self.contracts = contracts
        self.dialect = dialect_of(generation)
        self.sessions_interface = self.dialect.sessions
        self.queue_interface = self.dialect.queue

    async def session_count(self) -> int:
        """Return how many sessions there are; ids run from 0."""
        return int((await self._session("getSessionCount", [()]))[0][0])

    async def sessions(self, session_ids: Sequence[int]) -> list[Session]:
        """Return the sessions asked for. Raises `ProblemError` "no_such_session"."""
        found = await self._session("getSession", [(session_id,) for session_id in session_ids])
        return [self.session_from(values[0]) for values in found]

    def session_from(self, values: Values) -> Session:
        """Return what `session_values` gave as a session, its mode by our numbers."""
        session = session_from_tuple(values, self._active_state)
        return msgspec.structs.replace(session, mode=self.numbers.session_modes.mode_of(session.mode))

    async def session_values(self, session_id: int) -> Values:
        """Return a session's struct as the contract answers it, nothing cut. Raises `ProblemError`."""
        values: Values = (await self._session("getSession", [(session_id,)]))[0][0]
        return values

    async def session_exists(self, session_id: int) -> bool:
        """Tell whether the session exists."""
        return bool((await self._session("doesSessionExist", [(session_id,)]))[0][0])

    async def task_counts(self, session_ids: Sequence[int]) -> list[int]:
        """Return the number of tasks of each session."""
        if not session_ids:
            return []
        [(counts,)] = await self._queue("getTaskCountBySessionIds", [(list(session_ids),)])
        if len(counts) != len(session_ids):
            raise _odd_answers(
                ("getTaskCountBySessionIds",), f"{len(counts)} counts for {len(session_ids)} asked"
            )
        return [saturated(count) for count in counts]

    async def task(self, key: TaskKey) -> TaskOnChain:
        """Return one task."""
        return (await self.tasks([key]))[0]

    async def tasks(self, keys: Sequence[TaskKey]) -> list[TaskOnChain]:
        """Return many tasks. Raises `ProblemError` "no_such_task"."""
        found = await self._read_all(self.dialect.task, keys)
        tasks = [task_from_tuple(key, values) for key, values in zip(keys, found, strict=True)]
        for task in tasks:
            if task.created_at == 0:  # a mapping answers zeros for what is not in it
                raise problem_error("no_such_task", f"There is no task {task.key} on this chain")
        return await self._with_missing_miners(tasks)

    async def decoration(self, key: TaskKey) -> TaskDecoration:
        """Return how the task's prompt is to be treated."""
        values = await self._queue("getTaskDecoration", [(key.session_id, key.task_id)])
        return decoration_from_tuple(values[0][0])

    async def results(self, key: TaskKey) -> tuple[MinerResult, ...]:
        """Return the answer and precommitted hash of every miner that has precommitted."""
        [(miners, data, hashes)] = await self._read_all(self.dialect.results, [key])
        if not len(miners) == len(data) == len(hashes):
            raise _odd_answers(self.dialect.results.calls, "the lists differ in length")
        return tuple(
            MinerResult(miner=checksum(miner), data=text, hash="0x" + digest.hex())
            for miner, text, digest in zip(miners, data, hashes, strict=True)
            if any(digest)
        )

    async def result_times(self, key: TaskKey, miner: str) -> tuple[bool, bool, bool]:
        """Tell whether this miner has acked, precommitted and committed, from the contract's timestamps."""
        arguments = (key.session_id, key.task_id)
        (miners, acked_at), (precommitted_at,), (committed_at,) = await self._ask(
            self.contracts.session_queue_v2,
            [
                (self.queue_interface.functions["getAllTaskResultAckedTimestamps"], arguments),
                (self.queue_interface.functions["getTaskResultPrecommitTimestamp"], (*arguments, miner)),
                (self.queue_interface.functions["getTaskResultCommitTimestamp"], (*arguments, miner)),
            ],
        )
        times = dict(zip((checksum(one) for one in miners), acked_at, strict=False))
        return times.get(miner, 0) > 0, precommitted_at > 0, committed_at > 0

    async def submitted_llm_params(self, transaction_hash: str) -> tuple[int, ...] | None:
        """Return the seven llmParams of a `submit`, from its calldata; the contract keeps only six of them.

        None when the task came by another way (a router's contract, say).
        """
        transaction = await self._rpc.call("eth_getTransactionByHash", transaction_hash)
        calldata = transaction.get("input") if isinstance(transaction, dict) else None
        if not isinstance(calldata, str):
            return None
        submit = self.sessions_interface.functions["submit"]
        arguments = decode_arguments(submit, calldata)
        if arguments is None:
            return None
        return tuple(saturated(value) for value in arguments[submit.input_names.index("llmParams")])

    async def bound_sessions(self, transaction_hashes: Sequence[str]) -> list[int | None]:
        """Return the session that each transaction bound a node to, or released one from.

        The events do not say it, the call does. None when the transaction called another contract.
        """
        functions = [
            self.sessions_interface.functions[name] for name in ("addDedicatedNode", "removeDedicatedNode")
        ]
        found = await self._rpc.batch([("eth_getTransactionByHash", (one,)) for one in transaction_hashes])
        return [self._session_bound_by(transaction, functions) for transaction in found]

    def _session_bound_by(self, transaction: Any, functions: Sequence[Function]) -> int | None:
        if not isinstance(transaction, dict):
            return None
        called, calldata = transaction.get("to"), transaction.get("input")
        if not isinstance(calldata, str) or str(called).lower() != self.contracts.session_v2.lower():
            return None
        for function in functions:
            try:
                arguments = decode_arguments(function, calldata)
            except ValueError:  # no hex
                return None
            if arguments is not None:
                return saturated(arguments[0])
        return None

    async def remote_hash(self, text: str) -> str:
        """Return the queue's own hash of a text, 0x hex."""
        digest: bytes = (await self._queue("getHash", [(text,)]))[0][0]
        return "0x" + digest.hex()

    async def agrees_on_hash(self, text: str, digest: str) -> bool:
        """Tell whether the queue itself finds this to be the text's hash; `digest` is 0x hex."""
        arguments = (text, bytes.fromhex(digest.removeprefix("0x")))
        return bool((await self._queue("verifyHash", [arguments]))[0][0])

    # --- calls that write --------------------------------------------------------------------------

    def session_call(self, name: str, *arguments: Any) -> ContractCall:
        """Return a call to SessionV2."""
        return contract_call(
            self.contracts.session_v2, "SessionV2", self.sessions_interface.functions[name], arguments
        )

    def queue_call(self, name: str, *arguments: Any) -> ContractCall:
        """Return a call to SessionQueueV2."""
        return contract_call(
            self.contracts.session_queue_v2, "SessionQueueV2", self.queue_interface.functions[name], arguments
        )

    # --- plumbing ----------------------------------------------------------------------------------

    async def _session(self, name: str, arguments: Sequence[Values]) -> list[Values]:
        function = self.sessions_interface.functions[name]
        return await self._ask(self.contracts.session_v2, [(function, one) for one in arguments])

    async def _queue(self, name: str, arguments: Sequence[Values]) -> list[Values]:
        function = self.queue_interface.functions[name]
        return await self._ask(self.contracts.session_queue_v2, [(function, one) for one in arguments])

    async def _read_all(self, reading: Reading, keys: Sequence[TaskKey]) -> list[Values]:
        """Read one thing of many tasks, each by as many calls as this generation needs."""
        functions = [self.queue_interface.functions[name] for name in reading.calls]
        answers = await self._ask(
            self.contracts.session_queue_v2,
            [(function, (key.session_id, key.task_id)) for key in keys for function in functions],
        )
        size = len(functions)
        try:
            return [reading.join(answers[start : start + size]) for start in range(0, len(answers), size)]
        except ValueError as error:
            raise _odd_answers(reading.calls, str(error)) from error

    async def _with_missing_miners(self, tasks: list[TaskOnChain]) -> list[TaskOnChain]:
        """Complete assigned tasks of which no miner is told.

        The list of acks is taken to name every assigned miner. Should a contract list those alone that have
        acked, the list of the session's tasks still tells, where it is not too long to be read.
        """
        name = self.dialect.task_list
        session_ids = sorted({task.key.session_id for task in tasks if self._lacks_miners(task)})
        if name is None or not session_ids:
            return tasks
        counts = await self.task_counts(session_ids)
        short = [
            (one,) for one, count in zip(session_ids, counts, strict=True) if count <= MOST_TASKS_IN_A_LIST
        ]
        miners = {
            TaskKey(session_id, saturated(values[0])): tuple(checksum(miner) for miner in values[4])
            for (session_id,), (listed,) in zip(short, await self._queue(name, short), strict=True)
            for values in listed
        }
        return [
            msgspec.structs.replace(task, assigned_miners=miners.get(task.key, ()))
            if self._lacks_miners(task)
            else task
            for task in tasks
        ]

    def _lacks_miners(self, task: TaskOnChain) -> bool:
        return not (task.assigned_miners or task.is_ended or task.status == self.numbers.queued_status)

    async def _ask(self, address: str, calls: Sequence[tuple[Function, Values]]) -> list[Values]:
        answers: list[Values] = []
        for start in range(0, len(calls), BATCH_READS):
            part = calls[start : start + BATCH_READS]
            batch = await self._rpc.batch(
                [
                    ("eth_call", ({"to": address, "data": encode_call(function, *arguments)}, "latest"))
                    for function, arguments in part
                ]
            )
            answers += [_answer(function, answer) for (function, _), answer in zip(part, batch, strict=True)]
        return answers


def _answer(function: Function, answer: Any) -> tuple[Any, ...]:
    if isinstance(answer, RpcError):
        raise problem_error(
            "read_refused",
            f"The contract refused {function.name}",
            answer.message,
            "If this stays, the contract may be of another generation: see CORTENSOR_TUI_GENERATION",
        )
    return decode_output(function, str(answer))


def _odd_answers(calls: Sequence[str], why: str) -> ProblemError:
    return problem_error(
        "unexpected_contract",
        f"The contract's answers to {' and '.join(calls)} do not belong together",
        why,
        "Check the contract addresses in the settings: this may be another contract or generation",
    )
