"""A transaction within other things: a line for it, lines for its attempts."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.cells import Span, line, pad, wrap
from cortensor_tui.dashboard.format import UNKNOWN, cost, exact_clock, number
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.tables import transaction_span
from cortensor_tui.dashboard.stops import ReportLine, stop_at
from cortensor_tui.domain import quantities
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.transactions import Attempt, Transaction

_KIND_CELLS = 11
_INDENT = "   "


OPENS_TRANSACTION = "transaction "


def transaction_lines(one: Transaction, sight: Sight, width: int) -> Iterator[ReportLine]:
    """Yield kind, state and place of a transaction, and below what went wrong or is waited for."""
    state = transaction_span(one, sight)
    block = UNKNOWN if one.block_number is None else f"block {number(one.block_number)}"
    yield line(
        f" {pad(str(one.kind), _KIND_CELLS)}",
        (pad(state.text, 12), state.role),
        (f"nonce {one.nonce}  {block}  {cost(one.fee_wei, 9)}", "muted"),
    )
    opens = f"{OPENS_TRANSACTION}{one.transaction_id}"
    yield from stop_at([line((f"{_INDENT}{one.hash}", "muted"))], f"hash of the {one.kind}", one.hash, opens)
    for text, role in ((one.error, "bad"), (one.waiting_for, "warn")):
        for piece in wrap(inert(text, 600), width - 4) if text else ():
            yield line((f"{_INDENT}{piece}", role))


def transaction_opened(opens: str) -> int | None:
    """Return the id of the transaction that a stop leads to, None where it leads elsewhere."""
    is_one = opens.startswith(OPENS_TRANSACTION)
    return int(opens.removeprefix(OPENS_TRANSACTION)) if is_one else None


def attempt_lines(one: Transaction, width: int) -> Iterator[ReportLine]:
    """Yield every attempt: its time, its fees, its hash, and what an endpoint said of it."""
    for attempt in one.attempts:
        at = exact_clock(attempt.sent_at or attempt.signed_at, beside=one.signed_at or one.created_at)
        has_won = attempt.hash == one.hash and one.block_number is not None
        mark = Span("● ", "good") if has_won else Span("○ ", "muted")
        said = f"{attempt.number}  {at}  {fees(attempt)}"
        known = [Span(piece, "muted") for piece in wrap(inert(attempt.hash, 80), max(8, width - 7))]
        lines = [(Span(_INDENT), mark, Span(said)), *((Span("     "), piece) for piece in known)]
        yield from stop_at(lines, f"hash of attempt {attempt.number}", attempt.hash)
        for piece in wrap(inert(attempt.error, 600), width - 8) if attempt.error else ():
            yield line((f"       {piece}", "bad"))


def fees(attempt: Attempt) -> str:
    """Return what an attempt offered for a unit of gas."""
    if attempt.max_fee_wei is None:
        return "fees unknown"
    tip = "" if attempt.priority_fee_wei is None else f", tip {gwei(attempt.priority_fee_wei)}"
    return f"at most {gwei(attempt.max_fee_wei)}{tip}"


def gwei(wei: str) -> str:
    """Return wei a unit of gas in gwei."""
    return quantities.gwei(int(wei))
