"""All there is to know of one transaction, as the lines of its detail."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.format import UNKNOWN, ether, moment, number
from cortensor_tui.dashboard.present.labelled import excerpt, labelled, section
from cortensor_tui.dashboard.present.private import call_of
from cortensor_tui.dashboard.present.tables import transaction_span
from cortensor_tui.dashboard.present.timeline import seconds
from cortensor_tui.dashboard.present.transaction_lines import attempt_lines
from cortensor_tui.domain.transactions import Transaction

_CALL_LINES = 12


def report_lines(one: Transaction, explorer: str, now: float, width: int) -> list[Line]:
    """Return the whole report; `explorer` is the explorer's address, empty where the network has none."""
    state = transaction_span(one)
    return [
        line((f" {one.kind}", "strong"), "  ", (state.text, f"{state.role} strong")),
        *(labelled("revert" if one.block_number else "error", one.error, width, "bad") if one.error else ()),
        *(labelled("waits for", one.waiting_for, width, "warn") if one.waiting_for else ()),
        *section("Call", width),
        *excerpt("", call_of(one) or UNKNOWN, width, _CALL_LINES),
        *section("Place", width),
        *_place(one, explorer, width),
        *section("Cost", width),
        *labelled("gas", _gas(one), width),
        *labelled("fee", ether(one.fee_wei, 18), width),
        *section("Times", width, _took(one)),
        *_times(one, now, width),
        *section("Attempts", width, "" if one.attempts else "none is kept"),
        *attempt_lines(one, width),
    ]


def _place(one: Transaction, explorer: str, width: int) -> Iterator[Line]:
    yield from labelled("hash", one.hash, width)
    link = explorer_link(one, explorer)
    yield from labelled(
        "explorer", link or "this network has none that is known", width, "plain" if link else "muted"
    )
    yield from labelled("task", UNKNOWN if one.task_key is None else str(one.task_key), width)
    yield from labelled("session", UNKNOWN if one.session_id is None else str(one.session_id), width)
    yield from labelled("block", number(one.block_number), width)
    if one.block_hash:
        yield from labelled("block hash", one.block_hash, width)
    yield from labelled("sender", one.sender, width)
    yield from labelled("nonce", str(one.nonce), width)


def _gas(one: Transaction) -> str:
    if one.gas_used is None:
        return f"limit {number(one.gas_limit)}"
    share = f" ({one.gas_used / one.gas_limit:.0%})" if one.gas_limit else ""
    return f"{number(one.gas_used)} used of {number(one.gas_limit)}{share}"


def _took(one: Transaction) -> str:
    if one.sent_at is None or one.mined_at is None:
        return ""
    return f"{seconds(one.mined_at - one.sent_at)} from sent to mined"


def _times(one: Transaction, now: float, width: int) -> Iterator[Line]:
    for label, at in (("signed", one.created_at), ("sent", one.sent_at), ("mined", one.mined_at)):
        yield from labelled(label, moment(at), width, "muted" if at is None else "plain")
    if one.deadline_at is not None and not one.state.is_final:
        left_s = one.deadline_at - now
        said = f"in {seconds(left_s)}" if left_s >= 0 else f"{seconds(-left_s)} ago"
        yield from labelled("deadline", said, width, "plain" if left_s >= 0 else "bad")


def explorer_link(one: Transaction, explorer: str) -> str:
    """Return where the explorer shows a transaction, empty where the network has none that is known."""
    return f"{explorer.rstrip('/')}/tx/{one.hash}" if explorer else ""
