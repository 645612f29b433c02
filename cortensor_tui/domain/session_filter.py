"""Which sessions are wanted: a filter that a person types, and what it means.

A filter is words joined by spaces, all of which must hold; `-` before a word turns it round:

    mine   owned   served   watched   refused   inactive   active   unbound   private
    mode:dedicated   owner:0xf39F   node:0x7099   id:7,9   word   -word
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

import msgspec

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.sessions import Service, SessionMode, SessionView

MAX_TERMS = 20
_MARKS: dict[str, Callable[[SessionView], bool]] = {
    "mine": lambda view: view.is_mine,
    "owned": lambda view: view.is_mine,
    "served": lambda view: view.service is Service.SERVED,
    "watched": lambda view: view.service is Service.WATCHED,
    "refused": lambda view: view.service is Service.REFUSED,
    "unbound": lambda view: view.service is Service.NOT_BOUND,
    "active": lambda view: view.session.is_active,
    "inactive": lambda view: not view.session.is_active,
    "private": lambda view: view.is_private,
}
_MODES = tuple(mode.name.lower() for mode in SessionMode)
_MOST_ADDRESS_CHARS = 42


class Field(StrEnum):
    """What a term looks at. A `mark` is one of the bare words that mean something; `text` is any other."""

    MARK = "mark"
    MODE = "mode"
    OWNER = "owner"
    NODE = "node"
    ID = "id"
    TEXT = "text"


class SessionTerm(msgspec.Struct, frozen=True, kw_only=True):
    """One word: a field has one of these values, or, negated, none of them."""

    field: Field
    values: tuple[str, ...]
    is_negated: bool = False


class SessionFilter(msgspec.Struct, frozen=True):
    """Terms that must all hold; without any, every session is wanted."""

    terms: tuple[SessionTerm, ...] = ()

    def matches(self, view: SessionView) -> bool:
        """Tell whether a session is wanted."""
        return all(_meets(term, view) != term.is_negated for term in self.terms)


def parse_session_filter(text: str) -> SessionFilter:
    """Return the filter that is written here.

    Raises `ProblemError` "session_filter" with the mistake and the character at which its word begins.
    """
    words = list(re.finditer(r"\S+", text))
    if len(words) > MAX_TERMS:
        raise _mistake("The filter is too long", f"Use at most {MAX_TERMS} words")
    return SessionFilter(tuple(_placed_term(word[0], word.start()) for word in words))


def _placed_term(word: str, start: int) -> SessionTerm:
    try:
        return _term(word)
    except ProblemError as error:
        raise _mistake(f"{error.problem.what}, at character {start + 1}", error.problem.remedy) from error


def _term(word: str) -> SessionTerm:
    is_negated = word.startswith("-")
    bare = word[1:] if is_negated else word
    if not bare:
        raise _mistake("- stands alone", "Put the word that must not match right behind it")
    name, sign, value = bare.partition(":")
    if not sign:
        field = Field.MARK if bare.lower() in _MARKS else Field.TEXT
        return SessionTerm(field=field, values=(bare.lower(),), is_negated=is_negated)
    if name.lower() not in (Field.MODE, Field.OWNER, Field.NODE, Field.ID):
        raise _mistake(f"There is no field {name}", "The fields are id:, mode:, owner: and node:")
    field = Field(name.lower())
    values = tuple(part.lower() for part in value.split(","))
    for part in values:
        _check_value(field, part)
    return SessionTerm(field=field, values=values, is_negated=is_negated)


def _check_value(field: Field, value: str) -> None:
    if field is Field.ID:
        if not value.isascii() or not value.isdigit():
            what = f"{value} is no session id" if value else "A session id is missing"
            raise _mistake(what, "Write numbers, joined by commas: id:7,9")
    elif field is Field.MODE:
        if not value or not any(mode.startswith(value) for mode in _MODES):
            what = f"There is no mode {value}" if value else "A mode is missing"
            raise _mistake(what, f"The modes are {', '.join(_MODES)}")
    elif not _begins_address(value):
        raise _mistake(f"{field}: takes the start of an address", f"Write {field}:0x and its first digits")


def _begins_address(value: str) -> bool:
    digits = value.removeprefix("0x")
    is_hex = all(digit in "0123456789abcdef" for digit in digits)
    return value.startswith("0x") and is_hex and len(value) <= _MOST_ADDRESS_CHARS


def _meets(term: SessionTerm, view: SessionView) -> bool:
    return any(_has(term.field, value, view) for value in term.values)


def _has(field: Field, value: str, view: SessionView) -> bool:
    session = view.session
    match field:
        case Field.MARK:
            return _MARKS[value](view)
        case Field.MODE:
            return session.mode_name.startswith(value)
        case Field.OWNER:
            return session.owner.lower().startswith(value)
        case Field.NODE:
            nodes = (*session.dedicated_nodes, *session.ephemeral_nodes)
            return any(node.lower().startswith(value) for node in nodes)
        case Field.ID:
            return session.session_id == int(value)
        case Field.TEXT:
            said = (session.name, session.metadata, session.owner, view.reason, str(session.session_id))
            return any(value in one.lower() for one in said)


def _mistake(what: str, remedy: str) -> ProblemError:
    return problem_error("session_filter", what, remedy=remedy)
