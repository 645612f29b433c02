"""Turns a task that the contract assigned to this node into the record that its pipeline works on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.tasks import Stage, TaskDecoration, TaskKey, TaskOnChain, TaskTimes
from cortensor_tui.inference.params import asked_from_decoration, asked_from_llm_params
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.payloads import TaskPayloads


class Intake:
    """Reads what was asked. `submitted_in` tells the transaction that a task came by, where it was seen."""

    def __init__(
        self,
        reader: ContractReader,
        payloads: TaskPayloads,
        profile: NetworkProfile,
        submitted_in: Callable[[TaskKey], str | None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._reader = reader
        self._payloads = payloads
        self._profile = profile
        self._submitted_in = submitted_in
        self._clock = clock

    def prompt_cid(self, task: TaskOnChain) -> str:
        """Return the content id of the task's prompt; one that is on chain itself is kept."""
        return self._payloads.prompt_cid(task)

    async def record(self, task: TaskOnChain, seen_at: float, assigned_block: int | None) -> TaskRecord:
        """Return a new record of an assigned task; `seen_at` is when its assignment was seen, unix seconds.

        Trouble with the endpoint goes up: the look is repeated, and the answer does not depend on it.
        """
        decoration, params = await asyncio.gather(
            self._reader.decoration(task.key), self._llm_params(task.key)
        )
        prompt_cid = self.prompt_cid(task)
        return TaskRecord(
            key=task.key,
            stage=Stage.ASSIGNED,
            prompt_cid=prompt_cid,
            details=msgspec.structs.replace(
                _details(decoration, params),
                is_prompt_addressed=self._payloads.is_prompt_addressed(task),
                is_answer_addressed=self._payloads.is_answer_addressed(task),
            ),
            assigned_at=seen_at,
            deadline_at=seen_at + self._profile.ack_deadline_s,
            times=TaskTimes(
                assigned_block=assigned_block,
                seen_at=seen_at,
                prompt_stored_at=self._clock.now() if self._payloads.is_prompt_here(prompt_cid) else None,
            ),
        )

    async def _llm_params(self, key: TaskKey) -> tuple[int, ...] | None:
        digest = self._submitted_in(key)
        if digest is None:
            return None
        params = await self._reader.submitted_llm_params(digest)
        return params if params is not None and len(params) == 7 else None


def _details(decoration: TaskDecoration, params: tuple[int, ...] | None) -> TaskDetails:
    # The contract keeps six of the seven params; the repeat penalty is in the submit's calldata only.
    asked = asked_from_decoration(decoration, None) if params is None else asked_from_llm_params(params)
    return TaskDetails(
        prompt_type=decoration.prompt_type, prompt_template=decoration.prompt_template, asked=asked
    )
