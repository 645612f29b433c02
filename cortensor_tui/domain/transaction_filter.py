"""Which transactions are wanted, and how a person types it: `task:7/12 kind:ack failed`, `0x7515`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import msgspec

from cortensor_tui.domain.filter_words import HASH, FilterError, Word, listed, words_of
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState

MAX_WORDS = 10
STATE_WORDS: dict[str, tuple[TransactionState, ...]] = {
    "pending": tuple(state for state in TransactionState if not state.is_final),
    "mined": (TransactionState.MINED,),
    "failed": tuple(s for s in TransactionState if s.is_final and s is not TransactionState.MINED),
}
FIELDS = ("task", "session", "kind", "state", "hash")
_ID = re.compile(r"[0-9]{1,18}")
_TASK = re.compile(r"(?:([0-9]{1,18})/)?([0-9]{1,18})")
_Choice = TypeVar("_Choice", bound=StrEnum)


class TransactionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The transactions of a task or a session, of any of these kinds and states; all if nothing is said.

    `task_id` is a task's number in whatever session, `hash` the beginning of any attempt's, 0x hex.
    """

    task: TaskKey | None = None
    task_id: int | None = None
    session_id: int | None = None
    hash: str = ""
    kinds: tuple[TransactionKind, ...] = ()
    states: tuple[TransactionState, ...] = ()

    @property
    def is_all(self) -> bool:
        """Tell whether every transaction is wanted."""
        return self == TransactionFilter()

    def matches(self, one: Transaction) -> bool:
        """Tell whether a transaction is wanted."""
        of_session = self.session_id is None or one.session_id == self.session_id
        return (
            (one.task_key == self.task if self.task is not None else of_session)
            and (self.task_id is None or (one.task_key and one.task_key.task_id) == self.task_id)
            and any(known.startswith(self.hash) for known in (one.hash, *(a.hash for a in one.attempts)))
            and (not self.kinds or one.kind in self.kinds)
            and (not self.states or one.state in self.states)
        )


def parse_transactions(text: str) -> TransactionFilter:
    """Return the filter that is written here; every word must hold. Raises `FilterError`."""
    found: dict[str, object] = {}
    said: dict[str, str] = {}
    for word in words_of(text, MAX_WORDS):
        field, value = _condition(word)
        typed = text[word.start - word.is_negated : word.end]
        found[field] = value if field not in found else _both(found[field], value, said[field], typed, word)
        said[field] = f"{said[field]} {typed}" if field in said else typed
    return msgspec.convert(found, TransactionFilter) if found else TransactionFilter()


def _both(before: object, value: object, said: str, typed: str, word: Word) -> object:
    """Return what holds for the words of a field so far and for one more. Raises `FilterError`."""
    if isinstance(before, tuple) and isinstance(value, tuple):
        if both := tuple(one for one in before if one in value):
            return both
    elif before == value:
        return value
    raise FilterError(
        word.start,
        word.end,
        f"No transaction is both {said} and {typed}",
        "Keep one of them; several of a field are joined by a comma: state:pending,failed",
    )


def _condition(word: Word) -> tuple[str, object]:
    if word.is_quoted:
        raise FilterError(word.start, word.end, "This cannot be looked for", _ALLOWED)
    if word.text.lower() in STATE_WORDS:
        return "states", _signed(word, STATE_WORDS[word.text.lower()], TransactionState)
    if HASH.fullmatch(word.text) and not word.is_negated:
        return "hash", word.text.lower()
    name, sign, text = word.text.partition(":")
    if not sign or name.lower() not in FIELDS:
        raise FilterError(word.start, word.start + len(name), f"There is no field {name}", _ALLOWED)
    value = Word(text, word.start + len(name) + 1, word.end, False, False)
    match name.lower():
        case "kind":
            return "kinds", _signed(word, _chosen(value, TransactionKind), TransactionKind)
        case "state":
            return "states", _signed(word, _chosen(value, TransactionState, STATE_WORDS), TransactionState)
        case "task" if not word.is_negated:
            return _task(value)
        case "session" if not word.is_negated:
            return "session_id", _session(value)
        case "hash" if not word.is_negated:
            return "hash", _hash(value)
    raise FilterError(word.start - 1, word.end, f"{name} cannot be left out", f"Write {word.text}")


def _signed(word: Word, chosen: tuple[_Choice, ...], choices: type[_Choice]) -> tuple[_Choice, ...]:
    """Return what was chosen, or all but that where the word has a - before it. Raises `FilterError`."""
    left = tuple(one for one in choices if (one in chosen) != word.is_negated)
    if not left:
        raise FilterError(word.start - 1, word.end, "This leaves none", _ALLOWED)
    return left


_ALLOWED = "Write task:7/12, session:7, kind:ack,commit, state:sent, pending, mined, failed or a hash, 0x…"


def _task(value: Word) -> tuple[str, TaskKey | int]:
    found = _TASK.fullmatch(value.text)
    if found is None:
        raise FilterError(
            value.start, value.end, f"{value.text or 'Nothing'} is no task", "Write task:7/12 or task:12"
        )
    task_id = int(found[2])
    return ("task_id", task_id) if found[1] is None else ("task", TaskKey(int(found[1]), task_id))


def _hash(value: Word) -> str:
    if not HASH.fullmatch(value.text):
        what = f"{value.text or 'Nothing'} is no hash"
        raise FilterError(value.start, value.end, what, "Write its first 4 digits or more: hash:0x7515")
    return value.text.lower()


def _session(value: Word) -> int:
    if not _ID.fullmatch(value.text):
        raise FilterError(
            value.start, value.end, f"{value.text or 'Nothing'} is no session id", "Write session:7"
        )
    return int(value.text)


def _chosen(
    value: Word, choices: type[_Choice], words: Mapping[str, tuple[_Choice, ...]] | None = None
) -> tuple[_Choice, ...]:
    """Return what begins with any of the words, or is meant by one of `words`; a dash stands for a space."""
    wanted: set[_Choice] = set()
    for name, start, end in listed(value):
        matching = (words or {}).get(name.lower()) or [
            one for one in choices if name and one.replace(" ", "-").startswith(name.lower())
        ]
        if not matching:
            allowed = ", ".join(one.replace(" ", "-") for one in choices)
            raise FilterError(start, end, f"There is no {name or 'empty word'} here", f"Choose of {allowed}")
        wanted.update(matching)
    return tuple(one for one in choices if one in wanted)
