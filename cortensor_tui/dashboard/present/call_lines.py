"""A call with its arguments by name, long ones cut; and the whole of it as one text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cortensor_tui.dashboard.cells import Line, Span, fit, line, pad, wrap
from cortensor_tui.dashboard.format import number
from cortensor_tui.dashboard.present.labelled import excerpt, labelled, section
from cortensor_tui.dashboard.present.private import HIDDEN, call_of
from cortensor_tui.dashboard.stops import MOST_COPIED_CHARS, ReportLine, stop_at
from cortensor_tui.domain.inert import ELLIPSIS, inert, inert_lines
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.call_messages import Argument, Call

OPENS_CALL = "call"
_MOST_VALUE_LINES = 6
_MOST_NAME_CELLS = 24
_SUMMARY_LINES = 4


class ToldCall(msgspec.Struct, frozen=True, kw_only=True):
    """How a transaction's call stands: being asked for, found, or refused."""

    found: Call | None = None
    problem: Problem | None = None


def call_lines(one: Transaction, told: ToldCall, width: int) -> Iterator[ReportLine]:
    """Yield the section of the call: its arguments, until they are there what the list has of it."""
    call = told.found
    if call is None or call.is_hidden or not call.function:
        yield from section("Call", width, "" if told.found or told.problem else "reading …")
        yield from excerpt("", call_of(one) or _unknown(call), width, _SUMMARY_LINES)
        if told.problem is not None:
            yield from labelled("", told.problem.sentence(), width, "warn")
    else:
        yield from section("Call", width)
        yield line((f" {inert(call.contract, 40)}.", "muted"), (inert(call.function, 60), "strong"))
        yield from _arguments(call.arguments, width)
    if call is not None and not call.is_hidden:
        yield from _calldata(call, width)


def _unknown(call: Call | None) -> str:
    return "no contract that is known has this function" if call is not None and call.calldata else "–"


def _arguments(arguments: tuple[Argument, ...], width: int) -> Iterator[ReportLine]:
    cells = min(_MOST_NAME_CELLS, max((len(one.name) for one in arguments), default=0)) + 2
    for one in arguments:
        name = Span(f" {pad(fit(inert(one.name, 60), cells - 1), cells)}", "muted")
        value = list(_value(one, max(8, width - cells - 2)))
        blank = Span(" " * (cells + 1))
        lines: list[Line] = [(name if row == 0 else blank, piece) for row, piece in enumerate(value)]
        yield from stop_at(lines, one.name, one.value, OPENS_CALL)


def _value(one: Argument, cells: int) -> Iterator[Span]:
    """Yield the start of a value, and how much there is of it."""
    most_chars = (_MOST_VALUE_LINES + 1) * cells
    read = one.value[:most_chars]
    pieces = [piece for part in inert_lines(read, most_chars + 1) for piece in wrap(part, cells)] or [""]
    if len(pieces) <= _MOST_VALUE_LINES and len(read) == one.chars:
        yield from (Span(piece) for piece in pieces)
        return
    yield from (Span(piece) for piece in pieces[:_MOST_VALUE_LINES])
    yield Span(f"{ELLIPSIS} {number(one.chars)} characters, enter reads on", "muted")


def _calldata(call: Call, width: int) -> Iterator[ReportLine]:
    hex_chars = 2 + 2 * call.calldata_bytes
    offer = "Y copies them" if hex_chars <= MOST_COPIED_CHARS else "enter reads them"
    size = f"{number(call.calldata_bytes)} bytes, {offer}"
    said = labelled("calldata", f"{inert(call.calldata[:10], 10)}{ELLIPSIS}  {size}", width, "muted")
    yield from stop_at(said, "calldata", call.calldata, OPENS_CALL)
    yield from stop_at(labelled("contract", call.target, width), "contract's address", call.target)


def whole_call(call: Call) -> str:
    """Return all that is told of a call as one text; it may hold foreign text of any length."""
    if call.is_hidden:
        return HIDDEN
    parts = [f"{call.contract}.{call.function}" if call.function else "A function that is not known"]
    for one in call.arguments:
        cut = "" if len(one.value) == one.chars else f"\n{ELLIPSIS} {number(one.chars)} characters in all"
        parts.append(f"{one.name}  ({one.kind})\n{one.value}{cut}")
    parts.append(f"calldata, {number(call.calldata_bytes)} bytes\n{call.calldata}")
    return "\n\n".join(parts)
