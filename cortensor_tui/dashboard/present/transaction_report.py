"""All there is to know of one transaction, as the lines of its detail."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.format import UNKNOWN, cost, number
from cortensor_tui.dashboard.links import linked
from cortensor_tui.dashboard.present.call_lines import ToldCall, call_lines
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.labelled import labelled, section
from cortensor_tui.dashboard.present.step_times import step_lines, transaction_steps
from cortensor_tui.dashboard.present.tables import transaction_span
from cortensor_tui.dashboard.present.timeline import seconds
from cortensor_tui.dashboard.present.transaction_lines import attempt_lines
from cortensor_tui.dashboard.stops import ReportLine, stop_at
from cortensor_tui.domain.quantities import percent
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction

OPENS_TASK = "task "


def report_lines(
    one: Transaction, told: ToldCall, explorer: str, sight: Sight, width: int
) -> list[ReportLine]:
    """Return the whole report; `explorer` is the explorer's address, empty where the network has none."""
    state = transaction_span(one, sight)
    found: list[ReportLine] = [line((f" {one.kind}", "strong"), "  ", (state.text, f"{state.role} strong"))]
    if one.error:
        label = "revert" if one.block_number else "error"
        found += stop_at(labelled(label, one.error, width, "bad"), label, one.error)
    if one.waiting_for:
        found += labelled("waits for", one.waiting_for, width, "warn")
    return [
        *found,
        *call_lines(one, told, width),
        *section("Place", width),
        *_place(one, explorer, width),
        *section("Cost", width),
        *labelled("gas", _gas(one), width),
        *stop_at(labelled("fee", cost(one.fee_wei, 18), width), "fee in wei", one.fee_wei or ""),
        *section("Times", width, _took(one)),
        *_times(one, sight.now, width),
        *section("Attempts", width, "" if one.attempts else "none is kept"),
        *attempt_lines(one, width),
    ]


def _place(one: Transaction, explorer: str, width: int) -> Iterator[ReportLine]:
    link = explorer_link(one, explorer)
    leads = linked("plain", link)
    yield from stop_at(labelled("hash", one.hash, width, leads), "hash", one.hash)
    said = link or "this network has none that is known"
    yield from stop_at(labelled("explorer", said, width, leads if link else "muted"), "link", link)
    key = "" if one.task_key is None else str(one.task_key)
    opens = f"{OPENS_TASK}{key}" if key else ""
    yield from stop_at(labelled("task", key or UNKNOWN, width), "task's number", key, opens)
    yield from labelled("session", UNKNOWN if one.session_id is None else str(one.session_id), width)
    yield from labelled("block", number(one.block_number), width)
    if one.block_hash:
        yield from stop_at(labelled("block hash", one.block_hash, width), "block's hash", one.block_hash)
    account = linked("plain", f"{explorer.rstrip('/')}/address/{one.sender}")
    yield from stop_at(labelled("sender", one.sender, width, account), "sender", one.sender)
    yield from labelled("nonce", str(one.nonce), width)


def _gas(one: Transaction) -> str:
    if one.gas_used is None:
        return f"limit {number(one.gas_limit)}"
    share = f" ({percent(one.gas_used, one.gas_limit)})" if one.gas_limit else ""
    return f"{number(one.gas_used)} used of {number(one.gas_limit)}{share}"


def _took(one: Transaction) -> str:
    if one.sent_at is None or one.mined_at is None:
        return ""
    return f"{seconds(one.mined_at - one.sent_at)} from sent to mined"


def _times(one: Transaction, now: float, width: int) -> Iterator[ReportLine]:
    yield from step_lines(transaction_steps(one), width)
    if one.deadline_at is not None and not one.state.is_final:
        left_s = one.deadline_at - now
        said = f"in {seconds(left_s)}" if left_s >= 0 else f"{seconds(-left_s)} ago"
        yield from labelled("deadline", said, width, "plain" if left_s >= 0 else "bad")


def explorer_link(one: Transaction, explorer: str) -> str:
    """Return where the explorer shows a transaction, empty where the network has none that is known."""
    return f"{explorer.rstrip('/')}/tx/{one.hash}" if explorer else ""


def task_opened(opens: str) -> TaskKey | None:
    """Return the task that a stop of the report leads to, None where it leads elsewhere."""
    if not opens.startswith(OPENS_TASK):
        return None
    session_id, _, task_id = opens.removeprefix(OPENS_TASK).partition("/")
    return TaskKey(int(session_id), int(task_id))
