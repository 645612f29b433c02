"""When each step was taken, to the millisecond, and how long after the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cortensor_tui.dashboard.cells import Line, clip, line, pad
from cortensor_tui.dashboard.format import exact_moment, number
from cortensor_tui.dashboard.present.labelled import LABEL_CELLS
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Transaction

Step = tuple[str, float | None]
_LATER_CELLS = 13


def task_steps(task: TaskView) -> list[Step]:
    """Return those of a task's steps that are known, in the order of their times."""
    times = task.times
    steps = (
        ("assigned", task.assigned_at),
        ("seen", None if times.seen_at == task.assigned_at else times.seen_at),
        ("prompt stored", times.prompt_stored_at),
        ("ack sent", times.ack_sent_at),
        ("ack mined", times.ack_mined_at or task.acked_at),
        ("run began", times.run_began_at),
        ("first token", times.first_token_at),
        ("last token", times.last_token_at),
        ("answer stored", times.answer_stored_at),
        ("precommit sent", times.precommit_sent_at),
        ("precommit mined", times.precommit_mined_at or task.precommitted_at),
        ("all precommitted", times.all_precommitted_at),
        ("commit sent", times.commit_sent_at),
        ("commit mined", times.commit_mined_at or task.committed_at),
        ("ended", task.ended_at or times.ended_at),
    )
    known = [(label, at) for label, at in steps if at is not None]
    return [*sorted(known, key=lambda step: step[1])]


def transaction_steps(one: Transaction) -> list[Step]:
    """Return a transaction's steps, None where one is not known or not taken yet."""
    return [("signed", one.signed_at), ("sent", one.sent_at), ("mined", one.mined_at)]


def step_lines(steps: Sequence[Step], width: int) -> Iterator[Line]:
    """Yield a line for each step; one that is not known has no time."""
    label_cells = max(LABEL_CELLS, 0, *(len(label) + 1 for label, _ in steps))
    before: float | None = None
    for label, at in steps:
        later = "" if before is None or at is None else f"+{_seconds(max(0.0, at - before))}"
        named = (f" {pad(label, label_cells)}", "muted")
        told = (exact_moment(at), "muted" if at is None else "plain")
        yield clip(line(named, told, (later.rjust(_LATER_CELLS), "muted")), width)
        before = at if at is not None else before


def _seconds(duration_s: float) -> str:
    """Return a time between two steps to the millisecond: "0.412 s", "1,204.250 s"."""
    whole, thousandths = divmod(round(duration_s * 1000), 1000)
    return f"{number(whole)}.{thousandths:03d} s"
