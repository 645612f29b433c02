"""The line an operator reads first: does it serve, and if not, why and what to do."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, clip, line, spread, width_of, wrap
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.format import calm_age, duration
from cortensor_tui.dashboard.present.freshness import OLD, Look, Sight
from cortensor_tui.dashboard.present.remedies import keys_for, told_unmet
from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.inert import inert

MARKS: dict[Verdict, Look] = {
    Verdict.SERVING: ("●", "good"),
    Verdict.WATCHING: ("●", "accent"),
    Verdict.WAITING: ("▲", "warn"),
    Verdict.BLOCKED: ("✖", "bad"),
}
SILENT_REMEDY = "It is asked again by itself; r connects anew"
_MAX_REMEDY_LINES = 2


def verdict_lines(
    state: FeedState, now: float, width: int, *, title: str = "", is_starting: bool = False
) -> list[Line]:
    """Return the verdict after the place's title, and under it what to do where something is wrong."""
    lead = line((f" {title} ", "title")) if title else ()
    if is_starting and state.view is None:
        return [line(*lead, (" ○ STARTING", "strong"), ("  the node is not there yet", "muted"))]
    if state.is_nothing_set_up:
        return [line(*lead, (" ○ NO NODE YET", "strong"), ("  nothing is set up here yet", "muted"))]
    if state.link is Link.UNREACHABLE:
        return _unreachable(lead, state, now, width)
    if state.view is None:
        return [line(*lead, (" ○ CONNECTING", "strong"), ("  to the node", "muted"))]
    return _told(lead, state.view.status, state, now, width)


def _told(lead: Line, status: NodeStatus, state: FeedState, now: float, width: int) -> list[Line]:
    sight = Sight.of(state, now)
    if sight.silent_s is not None:
        return _silent(lead, status, sight.silent_s, width)
    is_doubtful = status.verdict is not Verdict.BLOCKED and sight.is_late(status.chain)
    mark, role = OLD if is_doubtful else MARKS[status.verdict]
    left = line(
        *lead,
        (f" {mark} {status.verdict.upper()}", f"{role} strong"),
        *(_doubt(status, now) if is_doubtful else ()),
        ("  ", "plain"),
        inert(status.reason, 300),
    )
    mark_line = _link_mark(status, width - width_of(left) - 1)
    if width_of(left) + width_of(mark_line) + 2 > width:
        mark_line = ()  # the reason matters more than that all is well with the line
    lines = [spread(left, mark_line, width)]
    if width_of(left) > width:  # the whole reason below, since it did not fit
        lines += [(Span("     "), Span(piece)) for piece in wrap(inert(status.reason, 300), width - 6)[:2]]
    if status.problem is not None:
        lines += _remedy(status.problem.why, status.problem.remedy, width)
    elif (unmet := told_unmet(status)) is not None:
        lines += _remedy("", keys_for(unmet) or unmet.remedy, width)
    return lines


def _doubt(status: NodeStatus, now: float) -> Line:
    """Return why a node that says it serves may not: it learns of tasks from the chain's head."""
    return line(
        (f", the head is {calm_age(status.chain.head_seen_at, now).removesuffix(' ago')} old", "warn")
    )


def _silent(lead: Line, status: NodeStatus, silent_s: float, width: int) -> list[Line]:
    """Return that the node says nothing, with what it said last: that is no longer known to be so."""
    said = line((f" · was {status.verdict}: {inert(status.reason, 300)}", "muted"))
    lines = [
        clip(line(*lead, (f" {OLD[0]} SILENT", "warn strong"), f"  for {duration(silent_s)}", *said), width)
    ]
    return lines + _remedy("", SILENT_REMEDY, width)


def _link_mark(status: NodeStatus, room: int) -> Line:
    """Return how the line to the node is; the version is left out where there is no room."""
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
    left = line(*lead, (" ✖ UNREACHABLE", "bad strong"), f"  {what}")
    retry_s = max(0.0, (state.retry_at or now) - now)
    silent_s = Sight.of(state, now).silent_s
    again = f"again in {duration(retry_s)} " if retry_s else "again "
    if state.view is None or silent_s is None:
        right = line((f"trying {again}", "muted"))
    else:
        right = line((f"{duration(silent_s)} old", "warn"), (f" · {again}", "muted"))
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
