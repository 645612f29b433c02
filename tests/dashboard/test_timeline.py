"""A task's way as phases and as a bar."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.present.timeline import (
    DEADLINE,
    MISSED,
    Phase,
    Timeline,
    allot,
    bar,
    chart,
    legend,
    seconds,
    timeline,
)
from cortensor_tui.domain.tasks import Stage, TaskTimes, TaskView

from . import samples

NOW = samples.NOW
MOMENTS = st.none() | st.floats(NOW - 1_000, NOW + 1_000)


def text(shown: Line) -> str:
    return "".join(span.text for span in shown)


def whole() -> TaskView:
    """Return a task whose every moment is known, and which waited a second for the engine."""
    start = NOW - 60
    return msgspec.structs.replace(
        samples.ended_task(3),
        assigned_at=start,
        first_token_ms=500.0,
        ended_at=start + 12,
        times=TaskTimes(
            ack_mined_at=start + 1,
            first_token_at=start + 2.5,
            last_token_at=start + 5.5,
            precommit_mined_at=start + 6.5,
            all_precommitted_at=start + 9.5,
            commit_mined_at=start + 11,
        ),
    )


def test_the_wait_for_the_engine_is_told_as_soon_as_the_run_has_begun() -> None:
    times = TaskTimes(ack_mined_at=NOW - 9, run_began_at=NOW - 3)
    task = samples.task(1, Stage.ACKED, assigned_at=NOW - 10, acked_at=NOW - 9, times=times)
    steps = [(step.phase, step.duration_s) for step in way_of(task).steps]
    assert steps == [(Phase.ACK, 1), (Phase.ENGINE, 6), (Phase.PREFILL, 3)]


def way_of(task: TaskView, now: float = NOW) -> Timeline:
    way = timeline(task, now)
    assert way is not None
    return way


def test_every_phase_has_its_duration() -> None:
    way = way_of(whole())
    assert [(step.phase, round(step.duration_s, 3)) for step in way.steps] == [
        (Phase.ACK, 1),
        (Phase.ENGINE, 1),
        (Phase.PREFILL, 0.5),
        (Phase.DECODE, 3),
        (Phase.PRECOMMIT, 1),
        (Phase.OTHERS, 3),
        (Phase.COMMIT, 1.5),
        (Phase.END, 1),
    ]
    assert way.duration_s == 12
    assert way.longest is not None
    assert way.longest.phase is Phase.DECODE


def test_a_moment_that_nobody_knows_gives_its_time_to_the_next_phase() -> None:
    way = way_of(samples.ended_task(3))
    assert [step.phase for step in way.steps] == [Phase.ACK, Phase.PRECOMMIT, Phase.COMMIT, Phase.END]


def test_of_a_watched_task_nothing_is_told_of_an_engine_that_nobody_saw() -> None:
    way = timeline(samples.ended_task(3), NOW, is_watched=True)
    assert way is not None
    assert [step.phase for step in way.steps] == [Phase.ACK, Phase.ANSWER, Phase.COMMIT, Phase.END]
    missed = timeline(samples.task(11, Stage.MISSED, acked_at=NOW - 100), NOW, is_watched=True)
    assert missed is not None
    assert missed.steps[-1].phase is Phase.ANSWER
    signs = text(legend(is_watched=True))
    assert "answer" in signs
    assert not any(word in signs for word in ("prefill", "decode", "precommit"))


def test_a_task_that_is_not_assigned_has_no_way() -> None:
    assert timeline(samples.task(1, Stage.QUEUED), NOW) is None
    assert timeline(samples.task(1, Stage.ACKED, assigned_at=None), NOW) is None


def test_the_phase_going_on_grows_towards_its_deadline() -> None:
    running = samples.task(12, Stage.ACKED, acked_at=NOW - 55, assigned_at=NOW - 60, deadline_at=NOW + 60)
    early, late = text(bar(way_of(running), 21)), text(bar(way_of(running, NOW + 50), 21))
    assert early == "░▒▒▒▒▒▒▒▒▒··········┃"
    assert late == "░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒··┃"


@pytest.mark.parametrize(
    ("left_s", "has_deadline"), [(30.0, True), (170.0, True), (1_000.0, False), (-5.0, False)]
)
def test_the_chart_of_a_task_under_way_reaches_to_a_deadline_that_is_near(
    left_s: float, has_deadline: bool
) -> None:
    task = samples.task(3, Stage.ACKED, assigned_at=NOW - 60, acked_at=NOW - 50, deadline_at=NOW + left_s)
    last = text(chart(way_of(task), 80)[-1])
    assert last.endswith(DEADLINE if has_deadline else "…")
    assert width_of(chart(way_of(task), 80)[-1]) <= 80


def test_past_its_deadline_the_bar_shows_where_it_was() -> None:
    running = samples.task(12, Stage.ACKED, acked_at=NOW - 55, assigned_at=NOW - 60, deadline_at=NOW - 30)
    shown = text(bar(way_of(running), 21))
    assert shown == "░░▒▒▒▒▒▒▒▒┃▒▒▒▒▒▒▒▒▒▒"


def test_a_missed_task_ends_with_a_cross_in_the_phase_that_it_died_in() -> None:
    missed = samples.task(11, Stage.MISSED, acked_at=NOW - 100, ended_at=NOW - 20)
    way = way_of(missed)
    assert way.steps[-1].phase is Phase.PREFILL
    assert text(bar(way, 12)).endswith("▒" + MISSED)
    assert text(chart(way, 60)[-1]).endswith(MISSED)
    assert way_of(missed, NOW + 500) == way, "what is over stands still"


@given(
    stage=st.sampled_from(list(Stage)),
    moments=st.lists(MOMENTS, min_size=9, max_size=9),
    cells=st.integers(-1, 70),
    first_token_ms=st.none() | st.floats(0, 100_000),
)
def test_any_moments_make_phases_that_join_and_a_bar_of_its_size(
    stage: Stage, moments: list[float | None], cells: int, first_token_ms: float | None
) -> None:
    task = samples.task(
        1,
        stage,
        assigned_at=NOW - 500,
        ended_at=moments[0],
        deadline_at=moments[1],
        first_token_ms=first_token_ms,
        times=TaskTimes(
            ack_mined_at=moments[2],
            first_token_at=moments[3],
            last_token_at=moments[4],
            precommit_mined_at=moments[5],
            all_precommitted_at=moments[6],
            commit_mined_at=moments[7],
        ),
        precommitted_at=moments[8],
    )
    way = timeline(task, NOW)
    if way is None:
        return
    assert way.steps[0].start_at == way.start_at
    assert all(one.end_at == two.start_at for one, two in pairwise(way.steps))
    assert all(step.duration_s >= 0 for step in way.steps)
    assert width_of(bar(way, cells)) == (cells if cells >= 2 else 0)
    assert len(chart(way, max(cells, 40))) == len(way.steps)
    assert all(width_of(one) <= max(cells, 40) for one in chart(way, max(cells, 40)))


@given(st.lists(st.floats(0, 1e6), max_size=8), st.integers(0, 80))
def test_cells_are_shared_out_whole(shares: list[float], cells: int) -> None:
    widths = allot(shares, cells)
    assert len(widths) == len(shares)
    if shares and cells >= len(shares):
        assert sum(widths) == cells
        assert min(widths) >= 1


@pytest.mark.parametrize(
    ("duration_s", "shown"),
    [
        (-1, "0.00 s"),
        (0.354, "0.35 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (119.94, "119.9 s"),
        (119.96, "1:59 min"),
        (200, "3:20 min"),
        (7_500, "2:05 h"),
        (200_000, "2 d"),
    ],
)
def test_durations_are_written_to_be_compared(duration_s: float, shown: str) -> None:
    assert seconds(duration_s) == shown


def test_the_legend_names_every_sign_once() -> None:
    shown = text(legend())
    assert len(shown) < 80
    for sign in {phase.sign for phase in Phase} | {DEADLINE}:
        assert shown.count(f"{sign} ") == 1
