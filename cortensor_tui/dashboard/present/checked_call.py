"""A call before it is sent: what speaks for and against it, what it is, and what it can cost."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.format import cost, number
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.owner_messages import Check, CheckedCall
from cortensor_tui.node.session_messages import SwapChecked

_NAME_CELLS = 24
_LABEL_CELLS = 11
_MARKS = {True: ("✓", "good"), False: ("✖", "bad"), None: ("?", "warn")}


def check_lines(checks: Sequence[Check], width: int) -> list[Line]:
    """Return the checks, each with its mark."""
    return [piece for check in checks for piece in _check_line(check, width)]


def call_lines(checked: CheckedCall, key_problem: Problem | None, width: int) -> list[Line]:
    """Return exactly what will be sent, where to, the most it can cost, and whose key signs it."""
    at_most = "not known" if checked.fee_wei is None else f"at most {cost(checked.fee_wei, 9)}"
    gas = f"  (gas limit {number(checked.gas_limit)})" if checked.gas_limit is not None else ""
    found = [line((_label("fee"), "muted"), at_most, (gas, "muted"))]
    found += _labelled("call", checked.call, width)
    if isinstance(checked, SwapChecked):
        fee = checked.then_fee_wei
        then = "known once the first is out" if fee is None else f"at most {cost(fee, 9)}"
        found += [*_labelled("then call", checked.then_call, width), *_labelled("then fee", then, width)]
    found += _labelled("contract", checked.contract, width)
    if key_problem is not None:
        found += _labelled("signs", f"nobody here: {key_problem.what}", width, "warn")
    elif checked.signer:
        found += _labelled("signs", f"{checked.signer}, the owner's key", width)
    return found


def _labelled(label: str, text: str, width: int, role: str = "plain") -> list[Line]:
    pieces = wrap(inert(text, 240), max(8, width - _LABEL_CELLS - 1))
    return [
        line((_label(label if index == 0 else ""), "muted"), (piece, role))
        for index, piece in enumerate(pieces)
    ]


def _label(text: str) -> str:
    return f" {text}".ljust(_LABEL_CELLS)


def _check_line(check: Check, width: int) -> list[Line]:
    mark, role = _MARKS[check.is_met]
    name = wrap(inert(check.name, 80), _NAME_CELLS)
    detail = wrap(inert(check.detail, 300), width - _NAME_CELLS - 6)
    lines: list[Line] = []
    for index in range(max(len(name), len(detail))):
        left = name[index] if index < len(name) else ""
        right = detail[index] if index < len(detail) else ""
        lines.append(
            (
                Span(f" {mark} " if index == 0 else "   ", role),
                Span(left.ljust(_NAME_CELLS + 2)),
                Span(right, "muted" if check.is_met else role),
            )
        )
    return lines
