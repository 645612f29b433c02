"""The line an operator reads first: does it serve, and if not, why and what to do."""

from __future__ import annotations

from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line, Span, fit, line, spread, width_of, wrap
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.format import age, calm_age, duration
from cortensor_tui.dashboard.present.freshness import OLD, Look, Sight
from cortensor_tui.dashboard.present.remedies import keys_for, told_unmet
from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem

MARKS: dict[Verdict, Look] = {
    Verdict.SERVING: ("●", "good"),
    Verdict.WATCHING: ("●", "accent"),
    Verdict.WAITING: ("▲", "warn"),
    Verdict.BLOCKED: ("✖", "bad"),
}
SILENT_REMEDY = "It is asked again by itself; r connects anew"
LEAST_TOLD = (40, 8)
"""A terminal with less room than this is told so; with more the verdict at least is told with its reason."""
_MAX_REMEDY_LINES = 2
_LEAST_REASON_CELLS = 24
"""So much of the reason is told before anything beside it."""


class Judgement(NamedTuple):
    """The verdict in its parts, which each size puts together as it has room.

    `word` is mark and word, `told` what follows it after a gap, and `reason` what of that is said whole below
    where it was cut. Of `remarks`, which stand at the right end, the first that fits is shown; where
    `needs_remark`, the last one stands also where what is told gives way to it.
    """

    word: Line
    told: Line
    reason: str = ""
    remarks: tuple[Line, ...] = ()
    needs_remark: bool = False
    why: str = ""
    remedy: str = ""


class NodeStart(NamedTuple):
    """Whether a node is being started, and the key that starts one here, empty where none can be."""

    is_going_on: bool = False
    key: str = ""


NO_START = NodeStart()


def judge(state: FeedState, now: float, start: NodeStart = NO_START) -> Judgement:
    """Return what is to be said of the node now."""
    if start.is_going_on:
        return _starting(state, now)
    if state.is_nothing_set_up:
        return _nothing_yet("NO NODE YET", "nothing is set up here yet")
    if state.link is Link.UNREACHABLE:
        return _unreachable(state, now, start.key)
    if state.view is None:
        return _nothing_yet("CONNECTING", "to the node")
    status, sight = state.view.status, Sight.of(state, now)
    return _told(status, sight) if sight.silent_s is None else _silent(status, sight.silent_s)


def verdict_lines(
    state: FeedState, now: float, width: int, *, title: str = "", start: NodeStart = NO_START
) -> list[Line]:
    """Return the verdict after the place's title, and under it what to do where something is wrong."""
    told = judge(state, now, start)
    lead = line(*((f" {title} ", "title"),) if title else (), *told.word)
    left = (*lead, *told.told)
    remark = _remark(told, width - width_of(lead), width_of(left) - width_of(lead))
    lines = [spread(left, remark, width)]
    if told.reason and width_of((*left, *remark)) > width:  # the whole reason below, since it did not fit
        lines += [(Span("     "), Span(piece)) for piece in _at_most(told.reason, width - 6, 2)]
    if state.view is not None:  # else the place says so in full
        lines += _remedy(told, width, _MAX_REMEDY_LINES)
    return lines


def stacked_lines(
    state: FeedState, now: float, width: int, height: int, *, start: NodeStart = NO_START
) -> list[Line]:
    """Return the same for a terminal with little room: the word, and below it its reason and what to do."""
    told = judge(state, now, start)
    reason = "".join(span.text for span in told.told).strip()
    lines = [told.word, *((Span(f" {piece}"),) for piece in wrap(reason, width - 2))]
    if told.needs_remark:
        lines.append((Span(" "), *told.remarks[-1]))
    room = height - len(lines)
    return [*lines, *(_remedy(told, width, room) if room > 0 else [])][:height]


def word_alone(
    state: FeedState, now: float, width: int, height: int, *, start: NodeStart = NO_START
) -> list[Line]:
    """Return the word, and that there is no room for more."""
    word = judge(state, now, start).word
    sentence = "Terminal too small: {}x{} needed".format(*LEAST_TOLD)
    return [word, *((Span(f" {piece}", "muted"),) for piece in wrap(sentence, width - 2))][:height]


def _remark(told: Judgement, room: int, told_cells: int) -> Line:
    """Return what stands at the right end of so many cells, of which what is told would take `told_cells`."""
    fitting = (one for one in told.remarks if told_cells + width_of(one) + 2 <= room)
    if (found := next(fitting, None)) is not None:
        return found
    is_shown = told.needs_remark and _LEAST_REASON_CELLS + width_of(told.remarks[-1]) <= room
    return told.remarks[-1] if is_shown else ()


def _nothing_yet(word: str, told: str) -> Judgement:
    return Judgement(line((f" ○ {word}", "strong")), line((f"  {told}", "muted")))


def _told(status: NodeStatus, sight: Sight) -> Judgement:
    doubt = _doubt(status, sight)
    mark, role = OLD if doubt else MARKS[status.verdict]
    word = line((f" {mark} {status.verdict.upper()}", f"{role} strong"), *doubt)
    reason = inert(status.reason, 300)
    why, remedy = _to_do(status)
    return Judgement(
        word,
        line("  ", reason),
        reason,
        _link_marks(status),
        needs_remark=bool(status.warnings),
        why=why,
        remedy=remedy,
    )


def _to_do(status: NodeStatus) -> tuple[str, str]:
    """Return why a node does not serve, where that is told beside the reason, and what to do."""
    if status.problem is not None:
        return status.problem.why, status.problem.remedy
    unmet = told_unmet(status)
    return "", "" if unmet is None else keys_for(unmet) or unmet.remedy


def _doubt(status: NodeStatus, sight: Sight) -> Line:
    """Return why a node that says it serves may not: tasks come by the head, answers from the engine."""
    chain, silent_since = status.chain, status.engine.silent_since
    if status.verdict is Verdict.BLOCKED:
        return ()
    if silent_since is not None:
        return line((f", the engine is silent for {age(silent_since, sight.at)}", "warn"))
    if not sight.is_late(chain):
        return ()
    return line((f", the head is {calm_age(chain.head_seen_at, sight.now).removesuffix(' ago')} old", "warn"))


def _silent(status: NodeStatus, silent_s: float) -> Judgement:
    """Return that the node says nothing, with what it said last: that is no longer known to be so."""
    said = line(
        f"  for {duration(silent_s)}", (f" · was {status.verdict}: {inert(status.reason, 300)}", "muted")
    )
    return Judgement(line((f" {OLD[0]} SILENT", "warn strong")), said, remedy=SILENT_REMEDY)


def _link_marks(status: NodeStatus) -> tuple[Line, ...]:
    """Return how the line to the node is, and how much else is worth a look, with less and less beside it."""
    live = Span("live ", "muted")
    version = Span(f"node {inert(status.version, 20)} · live ", "muted")
    count = len(status.warnings)
    if not count:
        return ((version,),)
    warned = Span(f"▲ {count} warning{'s' if count > 1 else ''} (i)", "warn")
    joint = Span(" · ", "muted")
    return (warned, joint, version), (warned, joint, live), (warned, Span(" "))


def _starting(state: FeedState, now: float) -> Judgement:
    told = _nothing_yet("STARTING", "the node is not there yet")
    silent_s = Sight.of(state, now).silent_s
    if state.view is None or silent_s is None:
        return told
    return told._replace(remarks=(line((f"{duration(silent_s)} old ", "warn")),), needs_remark=True)


def _unreachable(state: FeedState, now: float, start_key: str) -> Judgement:
    problem = state.problem
    if problem is not None and state.has_demo_ended:
        return _ended(problem, state, now)
    is_none = problem is not None and problem.code == "no_node"
    retry_s = max(0.0, (state.retry_at or now) - now)
    silent_s = Sight.of(state, now).silent_s
    again = f"again in {duration(retry_s)} " if retry_s else "now "
    has_past = state.view is not None and silent_s is not None
    age = line((f"{duration(silent_s or 0.0)} old", "warn"))
    remarks: tuple[Line, ...] = (line((f"trying {again}", "muted")),)
    if start_key and state.is_node_away:  # who can start it need not wait for another to do so
        does = line((start_key, "accent strong"), " starts it ")
        remarks = (line(*age, (" · ", "muted"), *does), does) if has_past else (does,)
    elif has_past:
        remarks = (line(*age, (f" · {again if retry_s else 'trying now '}", "muted")), line(*age, " "))
    return Judgement(
        line((" ✖ UNREACHABLE", "bad strong")),
        line("  no node is running" if is_none else "  the node does not answer"),
        remarks=remarks,
        needs_remark=has_past,
        why="" if problem is None else problem.why,
        remedy="" if problem is None else problem.remedy,
    )


def _ended(problem: Problem, state: FeedState, now: float) -> Judgement:
    """Return that it is over for good, and that nothing is left to do but to leave."""
    silent_s = Sight.of(state, now).silent_s
    age = () if silent_s is None else line((f"{duration(silent_s)} old ", "warn"))
    reason = inert(problem.why or problem.what, 300)
    return Judgement(
        line((" ✖ ENDED", "bad strong")),
        line("  ", reason),
        reason,
        remarks=(age,),
        needs_remark=bool(age),
        why=problem.what,
        remedy=problem.remedy,
    )


def _remedy(told: Judgement, width: int, most_lines: int) -> list[Line]:
    """Return why, and what to do, below each other where there is not room for both."""
    parts = (inert(told.why, 300), inert(told.remedy, 300))
    text = ". ".join(part.strip().rstrip(".") for part in parts if part.strip())
    if not text:
        return []
    return [
        (Span("   → " if index == 0 else "     ", "accent"), Span(piece))
        for index, piece in enumerate(_at_most(text, width - 6, most_lines))
    ]


def _at_most(text: str, cells: int, most_lines: int) -> list[str]:
    """Return the text on at most so many lines; the last one says where something is left out."""
    pieces = wrap(text, cells)
    if len(pieces) <= most_lines:
        return pieces
    return [*pieces[: most_lines - 1], fit(" ".join(pieces[most_lines - 1 :]), cells)]
