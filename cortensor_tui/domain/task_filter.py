"""Which tasks are wanted: a filter as data, what it means, and how it is written.

A filter is words joined by spaces, all of which must hold:

    stage:ended,missed   session:42   task:7   task:42/7   age>60   took>5s   tokens<100   0x7515
    missed   open   answered   word   "more words"   -word   -stage:ended

`task_filter_text` reads what a person types.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import msgspec

from cortensor_tui.domain.filter_words import HASH, MAX_HASH_CHARS
from cortensor_tui.domain.tasks import Stage, TaskView

MAX_ID = 2**63 - 1
"""The largest id that the journal can hold."""
MAX_TERMS = 20
MAX_TEXT_CHARS = 200

Id = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
HashBegin = Annotated[str, msgspec.Meta(max_length=MAX_HASH_CHARS)]

STAGE_WORDS: dict[str, tuple[Stage, ...]] = {
    "open": tuple(stage for stage in Stage if not stage.is_final),
    "answered": (Stage.ENDED,),
    "missed": (Stage.MISSED,),
}
"""Words that stand for stages; together they are all of them."""


NO_WORDS = ("not", "or", "and")
"""What people join words with elsewhere; as a text to look for they are quoted."""
_CONTENT_ID = re.compile(r"bafkrei[a-z2-7]{1,52}|baf[a-z2-7]{56}|Qm[1-9A-HJ-NP-Za-km-z]{44}")


def names_hash(text: str) -> bool:
    """Tell whether a text is the beginning of a hash, or a content id."""
    return bool(HASH.fullmatch(text) or _CONTENT_ID.fullmatch(text))


class Measure(StrEnum):
    """What can be compared: seconds since the assignment, seconds that the task took, tokens answered.

    A task that is not over has taken the time until now.
    """

    AGE = "age"
    TOOK = "took"
    TOKENS = "tokens"


class Comparison(StrEnum):
    """How a measure is compared with a number."""

    AT_LEAST = ">="
    AT_MOST = "<="
    MORE = ">"
    LESS = "<"

    @property
    def holds(self) -> Callable[[float, float], bool]:
        """Return the comparison as a function of the measure and the number."""
        return _HOLDS[self]


_HOLDS: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.MORE: operator.gt,
    Comparison.LESS: operator.lt,
}


class StageIs(msgspec.Struct, frozen=True, tag="stage"):
    """The task stands at one of these stages, in their order."""

    stages: tuple[Stage, ...]


class SessionIs(msgspec.Struct, frozen=True, tag="session"):
    """The task belongs to one of these sessions."""

    ids: tuple[Id, ...]


class TaskIs(msgspec.Struct, frozen=True, tag="task"):
    """The task has one of these ids in its session, or is one of these tasks, pairs of session and task."""

    ids: tuple[Id, ...]
    keys: tuple[tuple[Id, Id], ...] = ()


class Compares(msgspec.Struct, frozen=True, tag="compares"):
    """A measure of the task, known and on this side of the number: seconds to the millisecond, or tokens."""

    measure: Measure
    comparison: Comparison
    number: float


class HasText(msgspec.Struct, frozen=True, tag="text"):
    """The text is in the prompt, in the answer or in the note, in any case of its letters."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)]


class HashIs(msgspec.Struct, frozen=True, tag="hash"):
    """Its answer's hash, a content id of it or the hash of one of its transactions begins so."""

    begin: HashBegin


Condition = StageIs | SessionIs | TaskIs | Compares | HasText | HashIs


class Term(msgspec.Struct, frozen=True):
    """One word of a filter. What is unknown does not meet a condition, so it meets the negated one."""

    condition: Condition
    is_negated: bool = False


class TaskFilter(msgspec.Struct, frozen=True):
    """Terms that must all hold; without any, every task is wanted."""

    terms: Annotated[tuple[Term, ...], msgspec.Meta(max_length=MAX_TERMS)] = ()

    def matches(self, task: TaskView, now: float) -> bool:
        """Tell whether a task is wanted, at `now` in unix seconds."""
        return all(_meets(term.condition, task, now) != term.is_negated for term in self.terms)

    @property
    def has_hash(self) -> bool:
        """Tell whether it asks for a hash, which may be one of a transaction."""
        return any(isinstance(term.condition, HashIs) for term in self.terms)

    def __str__(self) -> str:
        """Return the filter as it is written; read again, it is the same filter."""
        return " ".join(_written(term) for term in self.terms)


def measured(measure: Measure, task: TaskView, now: float) -> float | None:
    """Return a measure of a task, None while it is unknown."""
    if measure is Measure.TOKENS:
        return task.answer_tokens
    if task.assigned_at is None:
        return None
    is_over = measure is Measure.TOOK and task.ended_at is not None
    return (task.ended_at if is_over and task.ended_at is not None else now) - task.assigned_at


def _meets(condition: Condition, task: TaskView, now: float) -> bool:
    match condition:
        case StageIs(stages):
            return task.stage in stages
        case SessionIs(ids):
            return task.key.session_id in ids
        case TaskIs(ids, keys):
            return task.key.task_id in ids or (task.key.session_id, task.key.task_id) in keys
        case Compares(measure, comparison, number):
            value = measured(measure, task, now)
            return value is not None and comparison.holds(value, number)
        case HasText(text):
            wanted = text.casefold()
            return any(wanted in found.casefold() for found in (task.prompt, task.answer or "", task.note))
        case HashIs(begin):
            known = (task.answer_hash, task.answer_cid, task.prompt_cid)
            return any(one is not None and one.startswith(begin) for one in known)


def _written(term: Term) -> str:
    return ("-" if term.is_negated else "") + _written_condition(term.condition)


def _written_condition(condition: Condition) -> str:
    match condition:
        case StageIs(stages):
            words = [word for word, meant in STAGE_WORDS.items() if meant == stages]
            return words[0] if words else f"stage:{','.join(stages)}"
        case SessionIs(ids):
            return f"session:{','.join(map(str, ids))}"
        case TaskIs(ids, keys):
            pairs = [f"{session_id}/{task_id}" for session_id, task_id in keys]
            return f"task:{','.join([*map(str, ids), *pairs])}"
        case Compares(measure, comparison, number):
            return f"{measure}{comparison}{_written_number(measure, number)}"
        case HasText(text):
            return _quoted(text)
        case HashIs(begin):
            return begin


def _written_number(measure: Measure, number: float) -> str:
    if measure is Measure.TOKENS:
        return f"{number:.0f}"
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if number and number % seconds == 0:
            return f"{number / seconds:.0f}{unit}"
    return f"{number:.3f}".rstrip("0").rstrip(".") + "s"


def _quoted(text: str) -> str:
    is_word = text.lower() not in (*STAGE_WORDS, *Stage, *NO_WORDS) and not names_hash(text)
    is_plain = text.replace("_", "").isalnum() and is_word
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return text if is_plain else f'"{escaped}"'
