"""Messages whose every text is foreign, made from the messages' own types: a new field is filled as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import inspect

from cortensor_tui.node.messages import Refused, ReplyBody, RequestBody
from tests.foreign.texts import sendable

from . import samples

_T = TypeVar("_T")
_ANSWER = re.compile(r"[Aa]nswered with `(\w+)`")
_AMOUNT = re.compile(r"(_wei|_wei_per_gas)$")
_REPLIES: dict[str, type] = {kind.__name__: kind for kind in get_args(ReplyBody)}
NextText = Callable[[], str]


def filled(value: _T, text: NextText, name: str = "") -> _T:
    """Return the same with every text replaced; words of ours (enums) and amounts stay."""
    found: Any = value
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        found = value if _AMOUNT.search(name) else sendable(text())
    elif isinstance(value, tuple):
        found = tuple(filled(one, text, name) for one in value)
    elif isinstance(value, msgspec.Struct):
        changes = {part: filled(getattr(value, part), text, part) for part in value.__struct_fields__}
        found = msgspec.structs.replace(value, **changes)
    result: _T = found
    return result


def answer_to(body: RequestBody, text: NextText) -> ReplyBody:
    """Return an answer of the kind that the request's docstring names, made of foreign text."""
    named = _ANSWER.search(" ".join((type(body).__doc__ or "").split()))
    kind = _REPLIES.get(named[1], Refused) if named else Refused
    made: ReplyBody = made_of(inspect.type_info(kind), text)
    return made


def made_of(kind: inspect.Type, text: NextText, name: str = "") -> Any:
    """Return a value of a type: foreign texts, small numbers, two of each list."""
    match kind:
        case inspect.StructType():
            return kind.cls(**{one.name: made_of(one.type, text, one.name) for one in kind.fields})
        case inspect.VarTupleType():
            return tuple(made_of(kind.item_type, text, name) for _ in range(2))
        case inspect.TupleType():
            return tuple(made_of(one, text, name) for one in kind.item_types)
        case inspect.DictType():
            return {sendable(text()): made_of(kind.value_type, text, name)}
        case inspect.UnionType():
            meant = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
            return made_of(meant, text, name)
        case _:
            return _single(kind, text, name)


def _single(kind: inspect.Type, text: NextText, name: str) -> Any:
    match kind:
        case inspect.StrType():
            return "1000000000000000" if _AMOUNT.search(name) else sendable(text())
        case inspect.IntType():
            return 7
        case inspect.FloatType():
            return samples.NOW - 5 if name.endswith(("at", "until", "since")) else 5.0
        case inspect.BoolType():
            return True
        case inspect.EnumType():
            return next(iter(kind.cls))
    raise AssertionError(f"no sample of {kind}")
