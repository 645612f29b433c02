"""The contracts' three generations in one table: how each thing that a node uses is called and decoded.

What all have in common is not here. Arguments and fields, whose number differs, are in signatures.json.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import Interface, load_interface
from cortensor_tui.domain.networks import Generation

Values = tuple[Any, ...]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How one thing is read: calls that take the same arguments, and what their answers make together.

    `join` takes what each call answered and returns the thing as the newest generation tells it. It raises
    `ValueError` for answers that do not belong together.
    """

    calls: tuple[str, ...]
    join: Callable[[Sequence[Values]], Values]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One generation: both interfaces, and its way of reading what the others read in another way.

    `task` gives SessionQueueData.Task, `results` (miners, data, hashes). `task_list` is the call that tells
    all tasks of a session with their miners, where `task` may not tell these.
    """

    generation: Generation
    sessions: Interface
    queue: Interface
    task: Reading
    results: Reading
    task_list: str | None

    def session_arguments(self, name: str, values: Mapping[str, Any]) -> Values:
        """Return those values, given by parameter name, that this generation's function takes."""
        return tuple(values[parameter] for parameter in self.sessions.functions[name].input_names)


def _struct(answers: Sequence[Values]) -> Values:
    values: Values = answers[0][0]
    return values


def _outputs(answers: Sequence[Values]) -> Values:
    return answers[0]


def _task_with_miners(answers: Sequence[Values]) -> Values:
    """A public mapping's getter leaves arrays out: the miners come from the list of their acks."""
    fields, (miners, times) = answers
    if len(miners) != len(times):
        raise ValueError("a list of miners and the list of their times differ in length")
    return (*fields[:4], miners, *fields[4:])


def _results_with_hashes(answers: Sequence[Values]) -> Values:
    (texts_of, texts), (hashes_of, hashes) = answers
    text_by_miner = dict(zip(texts_of, texts, strict=True))
    hash_by_miner = dict(zip(hashes_of, hashes, strict=True))
    miners = tuple(dict.fromkeys((*hashes_of, *texts_of)))
    return (
        miners,
        tuple(text_by_miner.get(miner, "") for miner in miners),
        tuple(hash_by_miner.get(miner, bytes(32)) for miner in miners),
    )


_TASK_WHOLE = Reading(calls=("getTask",), join=_struct)
_TASK_IN_PARTS = Reading(calls=("sessionTasks", "getAllTaskResultAckedTimestamps"), join=_task_with_miners)
_RESULTS_WHOLE = Reading(calls=("getTaskResultsAndHashes",), join=_outputs)
_RESULTS_IN_PARTS = Reading(calls=("getTaskResults", "getTaskResultHashes"), join=_results_with_hashes)

_WHOLE = {"task": _TASK_WHOLE, "results": _RESULTS_WHOLE, "task_list": None}
_IN_PARTS = {"task": _TASK_IN_PARTS, "results": _RESULTS_IN_PARTS, "task_list": "getTasksBySessionId"}
_TABLE: Mapping[Generation, Mapping[str, Any]] = {
    Generation.NEW: _WHOLE,
    Generation.MID: _IN_PARTS,
    Generation.OLD: _IN_PARTS,
}


@functools.cache
def dialect_of(generation: Generation) -> Dialect:
    """Return a generation's part of the table."""
    return Dialect(
        generation=generation,
        sessions=load_interface("SessionV2", generation),
        queue=load_interface("SessionQueueV2", generation),
        **_TABLE[generation],
    )
