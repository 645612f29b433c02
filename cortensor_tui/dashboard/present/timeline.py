"""A task's way as phases with their times, and as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.domain.tasks import Stage, TaskView

DEADLINE = "┃"
MISSED = "✖"
_AHEAD = "·"
_LEAST_ENGINE_WAIT_S = 0.1
_LABEL_CELLS, _DURATION_CELLS = 16, 9
_MOST_AHEAD = 3.0
"""A chart reaches to a deadline that is at most so many times as far off as the task is old."""


class Phase(Enum):
    """What a task spends its time with, in order: name, sign in the bar, look."""

    ACK = ("ack", "░", "accent")
    ANSWER = ("answer", "▒", "muted")
    """From ack to precommit where nobody sees into the node: its engine's phases and the precommit in one."""
    ENGINE = ("wait for engine", "─", "muted")
    PREFILL = ("prefill", "▒", "bar")
    DECODE = ("decode", "█", "bar")
    PRECOMMIT = ("precommit", "▓", "accent")
    OTHERS = ("wait for others", "─", "muted")
    COMMIT = ("commit", "▄", "accent")
    END = ("wait for end", "─", "muted")

    def __init__(self, title: str, sign: str, role: str) -> None:
        self.title = title
        self.sign = sign
        self.role = role


_UNSEEN = frozenset({Phase.ENGINE, Phase.PREFILL, Phase.DECODE, Phase.PRECOMMIT})
"""What only the node that answers knows the times of."""


class Step(NamedTuple):
    """One phase with its times in unix seconds."""

    phase: Phase
    start_at: float
    end_at: float

    @property
    def duration_s(self) -> float:
        """Return how long it took, or has taken so far."""
        return self.end_at - self.start_at


class Timeline(NamedTuple):
    """The phases that a task has been through; the last one goes on where `is_running`.

    `deadline_at` is when the phase going on is due, None where nothing is.
    """

    start_at: float
    steps: tuple[Step, ...]
    is_running: bool
    is_missed: bool
    deadline_at: float | None = None

    @property
    def end_at(self) -> float:
        """Return the end of the last phase."""
        return self.steps[-1].end_at if self.steps else self.start_at

    @property
    def duration_s(self) -> float:
        """Return how long all took."""
        return self.end_at - self.start_at

    @property
    def longest(self) -> Step | None:
        """Return the phase that took longest."""
        return max(self.steps, key=lambda step: step.duration_s, default=None)


def timeline(task: TaskView, now: float, *, is_watched: bool = False) -> Timeline | None:
    """Return a task's way, None while it is not assigned; `is_watched`: as a node without an engine sees it.

    A moment that is not known is left out, and its time goes to the phase after it.
    """
    order = phases_seen(is_watched=is_watched)
    start = task.assigned_at
    if start is None or task.stage is Stage.QUEUED:
        return None
    until = task.ended_at if task.ended_at is not None else now
    steps: list[Step] = []
    at = start
    for phase, end in _ends(task):
        if end is None or phase not in order:
            continue
        end = max(at, min(end, until))
        steps.append(Step(phase, at, end))
        at = end
    if until > at or not steps:
        steps.append(Step(_next_phase(order, steps), at, max(at, until)))
    return Timeline(
        start_at=start,
        steps=tuple(steps),
        is_running=not task.stage.is_final,
        is_missed=task.stage is Stage.MISSED,
        deadline_at=None if task.stage.is_final else task.deadline_at,
    )


def phases_seen(*, is_watched: bool) -> tuple[Phase, ...]:
    """Return the phases that are told apart, in order."""
    left_out = _UNSEEN if is_watched else {Phase.ANSWER}
    return tuple(phase for phase in Phase if phase not in left_out)


def _ends(task: TaskView) -> list[tuple[Phase, float | None]]:
    """Return when each phase ended, None where it has not or where nobody knows."""
    times = task.times
    acked = times.ack_mined_at or task.acked_at
    precommitted = times.precommit_mined_at or task.precommitted_at
    return [
        (Phase.ACK, acked),
        (Phase.ANSWER, precommitted),
        (Phase.ENGINE, _run_began_at(task, acked)),
        (Phase.PREFILL, times.first_token_at),
        (Phase.DECODE, times.last_token_at),
        (Phase.PRECOMMIT, precommitted),
        (Phase.OTHERS, times.all_precommitted_at),
        (Phase.COMMIT, times.commit_mined_at or task.committed_at),
    ]


def _run_began_at(task: TaskView, acked_at: float | None) -> float | None:
    """Return when the engine took the prompt, None where it did not let the task wait."""
    began = task.times.run_began_at
    if began is None and task.times.first_token_at is not None and task.first_token_ms is not None:
        began = task.times.first_token_at - task.first_token_ms / 1000  # a journal of before kept no more
    if began is None or acked_at is None:
        return None
    return began if began - acked_at >= _LEAST_ENGINE_WAIT_S else None


def _next_phase(order: Sequence[Phase], steps: Sequence[Step]) -> Phase:
    """Return what a task is at: what follows the last phase that is known to be over."""
    place = order.index(steps[-1].phase) + 1 if steps else 0
    if order[place] is Phase.ENGINE:
        return Phase.PREFILL  # whether the engine has begun shows with the first token only
    return order[place]


# --- as a bar ------------------------------------------------------------------------------------


def bar(way: Timeline, cells: int) -> Line:
    """Return the way in so many cells: each phase its share, at least one cell where it took any time.

    The whole of what is over fills the bar; one under way reaches towards its deadline.
    """
    if cells < 2:
        return ()
    if way.is_missed:
        return (*_phases(way, cells - 1), Span(MISSED, "bad"))
    if way.deadline_at is None or not way.is_running:
        return _phases(way, cells)
    return _until_deadline(way, way.deadline_at, cells)


def _until_deadline(way: Timeline, deadline_at: float, cells: int) -> Line:
    due_s = max(0.0, deadline_at - way.start_at)
    if way.duration_s <= due_s:
        done = max(1, min(cells - 1, int(way.duration_s / due_s * (cells - 1)))) if due_s else 1
        ahead = _AHEAD * (cells - 1 - done)
        return (*_phases(way, done), Span(ahead, "rule"), Span(DEADLINE, "warn"))
    late = max(1, min(cells - 1, round((1 - due_s / way.duration_s) * (cells - 1))))
    signs = [(span.role, sign) for span in _phases(way, cells - 1) for sign in span.text]
    signs.insert(cells - 1 - late, ("bad", DEADLINE))
    return tuple(Span(sign, role) for role, sign in signs)


def _phases(way: Timeline, cells: int) -> Line:
    steps = [step for step in way.steps if step.duration_s > 0][:cells] or list(way.steps[-1:])
    widths = allot([step.duration_s for step in steps], cells)
    return tuple(
        Span(step.phase.sign * width, step.phase.role) for step, width in zip(steps, widths, strict=True)
    )


def allot(shares: Sequence[float], cells: int) -> list[int]:
    """Return whole cells for shares of a whole, at least one each, together exactly `cells`."""
    total = sum(shares)
    if not shares or cells < len(shares):
        return [0] * len(shares)
    exact = [share / total * cells if total > 0 else cells / len(shares) for share in shares]
    widths = [max(1, int(value)) for value in exact]
    while sum(widths) > cells:
        widths[widths.index(max(widths))] -= 1
    by_rest = sorted(range(len(exact)), key=lambda index: widths[index] - exact[index])
    for index in by_rest[: cells - sum(widths)]:
        widths[index] += 1
    return widths


def legend(*, is_watched: bool = False) -> Line:
    """Return what the signs of the bar mean."""
    seen = phases_seen(is_watched=is_watched)
    shown = [phase for phase in seen if phase is not Phase.ENGINE and phase is not Phase.OTHERS]
    named = [(phase.sign, "waits" if phase is Phase.END else phase.title, phase.role) for phase in shown]
    spans = [Span(" ")]
    for sign, title, role in (*named, (DEADLINE, "deadline", "warn")):
        spans += [Span(f"{sign} ", role), Span(f"{title}  ", "muted")]
    return tuple(spans)


# --- in full -------------------------------------------------------------------------------------


def chart(way: Timeline, cells: int) -> list[Line]:
    """Return a line a phase, each where it lies in the whole: name, duration, bar.

    The whole is what is over; of a task under way it reaches to its deadline, where that is not far off.
    """
    room = max(4, cells - _LABEL_CELLS - _DURATION_CELLS - 4)
    ahead_s = _ahead_s(way)
    whole_s = way.duration_s + ahead_s or 1.0
    lines: list[Line] = []
    for index, step in enumerate(way.steps):
        left = int((step.start_at - way.start_at) / whole_s * (room - 1))
        size = max(1, min(room - left, round(step.duration_s / whole_s * room)))
        is_last = index == len(way.steps) - 1
        lines.append(
            (
                Span(f" {step.phase.title:<{_LABEL_CELLS}}", "muted"),
                Span(f"{seconds(step.duration_s):>{_DURATION_CELLS}}  "),
                Span(" " * left + step.phase.sign * size, step.phase.role),
                *(_chart_end(way, room - left - size, has_deadline=ahead_s > 0) if is_last else ()),
            )
        )
    return lines


def _ahead_s(way: Timeline) -> float:
    """Return how much of the chart lies ahead: none where it would leave nothing to be seen of the phases."""
    if way.deadline_at is None or not way.is_running:
        return 0.0
    left_s = way.deadline_at - way.end_at
    return left_s if 0 < left_s <= _MOST_AHEAD * way.duration_s else 0.0


def _chart_end(way: Timeline, cells: int, *, has_deadline: bool) -> Line:
    """Return what follows the last phase: the end it came to, or what is left until its deadline."""
    if way.is_missed:
        return (Span(MISSED, "bad"),)
    if has_deadline and cells > 0:
        return (Span(_AHEAD * (cells - 1), "rule"), Span(DEADLINE, "warn"))
    return (Span("…", "muted"),) if way.is_running else ()


def seconds(duration_s: float) -> str:
    """Return a duration as it is compared: "0.35 s", "12.4 s", "3:20 min", "2:05 h"."""
    duration_s = max(0.0, duration_s)
    if duration_s < 9.995:
        return f"{duration_s:.2f} s"
    if duration_s < 119.95:
        return f"{duration_s:.1f} s"
    minutes, rest = divmod(int(duration_s), 60)
    if minutes < 120:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d} h" if hours < 48 else f"{hours // 24} d"
