"""From what the contracts answer to domain types; what strangers chose is cut to what fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.domain.sessions import Session
from cortensor_tui.domain.tasks import TaskDecoration, TaskKey, TaskOnChain

# A stranger can put 2**256-1 into any number; beyond what JSON carries exactly, only "huge" matters.
LARGEST_NUMBER = 2**53 - 1
# A stranger chooses how long these are, and a thousand sessions travel in one list.
MOST_NAME_CHARS = 200
MOST_METADATA_CHARS = 1_000


def saturated(value: int) -> int:
    """Return the number, or the largest that JSON carries exactly."""
    return min(int(value), LARGEST_NUMBER)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _number(value: int | None) -> int | None:
    return None if value is None else saturated(value)


def _time(value: int) -> float | None:
    return float(saturated(value)) or None


def session_from_tuple(values: Sequence[Any], active_state: int) -> Session:
    """Return a session from SessionData's struct (order in cortensor-protocol.md, 4.3).

    The old generation's ends before the last four fields.
    """
    sla, model_identifier, reserve_period, max_executions = values[17:21] or (None,) * 4
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
        sla=_number(sla),
        model_identifier=_number(model_identifier),
        reserve_period_s=_number(reserve_period),
        max_task_executions=_number(max_executions),
    )


def task_from_tuple(key: TaskKey, values: Sequence[Any]) -> TaskOnChain:
    """Return the task asked for from SessionQueueData.Task (order in cortensor-protocol.md, 5.3)."""
    return TaskOnChain(
        key=key,
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
