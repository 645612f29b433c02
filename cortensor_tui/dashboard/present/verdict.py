"""The line an operator reads first: does it serve, and if not, why and what to do."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, line, spread, width_of, wrap
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.format import clock, duration
from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.inert import inert

MARKS = {Verdict.SERVING: ("●", "good"), Verdict.WAITING: ("▲", "warn"), Verdict.BLOCKED: ("✖", "bad")}
_MAX_REMEDY_LINES = 2


def verdict_lines(
    state: FeedState, now: float, width: int, *, title: str = "", is_starting: bool = False
) -> list[Line]:
    """Return the verdict after the place's title, and under it what to do where something is wrong."""
    lead = line((f" {title} ", "title")) if title else ()
    if is_starting and state.view is None:
        return [line(*lead, (" ○ STARTING", "strong"), ("  the node is not there yet", "muted"))]
    if state.link is Link.UNREACHABLE:
        return _unreachable(lead, state, now, width)
    if state.view is None:
        return [line(*lead, (" ○ CONNECTING", "strong"), ("  to the node", "muted"))]
    return _told(lead, state.view.status, state, now, width)


def _told(lead: Line, status: NodeStatus, state: FeedState, now: float, width: int) -> list[Line]:
    mark, role = MARKS[status.verdict]
    # What is old is no longer known to be true, so it loses its color.
    stale_s = state.stale_s(now)
    shown_role = role if stale_s is None else "muted"
    left = line(
        *lead,
        (f" {mark} {status.verdict.upper()}", f"{shown_role} strong"),
        ("  ", "plain"),
        inert(status.reason, 300),
    )
    mark_line = _link_mark(status, stale_s, width - width_of(left) - 1)
    if stale_s is None and width_of(left) + width_of(mark_line) + 2 > width:
        mark_line = ()  # the reason matters more than that all is well with the line
    lines = [spread(left, mark_line, width)]
    if width_of(left) > width:  # the whole reason below, since it did not fit
        lines += [(Span("     "), Span(piece)) for piece in wrap(inert(status.reason, 300), width - 6)[:2]]
    if status.problem is not None:
        lines += _remedy(status.problem.why, status.problem.remedy, width)
    return lines


def _link_mark(status: NodeStatus, stale_s: float | None, room: int) -> Line:
    """Return how the line to the node is; the version is left out where there is no room."""
    if stale_s is not None:
        return line((f"▲ stale, {duration(stale_s)} old ", "warn"))
    version = Span(f"node {inert(status.version, 20)} · live ", "muted")
    count = len(status.warnings)
    if count and width_of((version,)) + 18 > room:
        version = Span("live ", "muted")
    if not count:
        return (version,)
    return (Span(f"▲ {count} warning{'s' if count > 1 else ''} (i)", "warn"), Span(" · ", "muted"), version)


def _unreachable(lead: Line, state: FeedState, now: float, width: int) -> list[Line]:
    what = (
        "no node is running"
        if state.problem and state.problem.code == "no_node"
        else "the node does not answer"
    )
    left = line(
        *lead, (" ✖ UNREACHABLE", "bad strong"), f"  {what} ", (f"since {clock(state.since)}", "muted")
    )
    retry_s = max(0.0, (state.retry_at or now) - now)
    right = line((f"trying again in {duration(retry_s)} ", "muted"))
    lines = [spread(left, right, width)]
    if state.view is not None and state.problem is not None:
        lines += _remedy(state.problem.why, state.problem.remedy, width)
    return lines


def _remedy(why: str, remedy: str, width: int) -> list[Line]:
    """Return why, and what to do, below each other where there is not room for both."""
    text = ". ".join(
        part.strip().rstrip(".") for part in (inert(why, 300), inert(remedy, 300)) if part.strip()
    )
    if not text:
        return []
    pieces = wrap(text, width - 6)[:_MAX_REMEDY_LINES]
    return [
        (Span("   → " if index == 0 else "     ", "accent"), Span(piece))
        for index, piece in enumerate(pieces)
    ]
