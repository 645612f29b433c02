"""Nothing old looks sure: header, dependencies, lists and charts go by one rule."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.present.dependency_lines import column_lines, paired_lines
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.inference import heading
from cortensor_tui.dashboard.present.tables import session_rows
from cortensor_tui.dashboard.present.task_rows import task_row
from cortensor_tui.dashboard.present.throughput import throughput
from cortensor_tui.dashboard.present.transaction_rows import transaction_row
from cortensor_tui.dashboard.present.verdict import verdict_lines
from cortensor_tui.dashboard.present.why import why_lines
from cortensor_tui.dashboard.terminal_title import title_of
from cortensor_tui.dashboard.widgets.chart import chart_lines
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import Problem

from . import samples

NOW = samples.NOW
GONE = Problem(code="no_node", what="No node is running", why="its socket is not there", remedy="Press o")


def heard(ago_s: float, link: Link = Link.LIVE, **changes: object) -> FeedState:
    """Return a serving node's last word, so long ago; `changes` are the chain's."""
    view = from_snapshot(samples.snapshot())
    chain = msgspec.structs.replace(view.status.chain, **changes)
    view = msgspec.structs.replace(view, status=msgspec.structs.replace(view.status, chain=chain))
    problem = GONE if link is Link.UNREACHABLE else None
    return FeedState(link=link, since=NOW - ago_s, heard_at=NOW - ago_s, view=view, problem=problem)


def sure(lines: list[Line]) -> list[str]:
    """Return what looks as if it were so now."""
    return [span.text for one in lines for span in one if {"good", "accent"} & set(span.role.split())]


def text(lines: list[Line]) -> str:
    return "\n".join("".join(span.text for span in one).rstrip() for one in lines)


PAST = [heard(12), heard(40), heard(4, Link.UNREACHABLE), heard(4000, Link.UNREACHABLE)]


@pytest.mark.parametrize("state", PAST, ids=["silent", "silent long", "gone", "gone long"])
@pytest.mark.parametrize("width", [80, 160])
def test_nothing_of_a_node_that_does_not_talk_looks_sure(state: FeedState, width: int) -> None:
    assert state.view is not None
    sight = Sight.of(state, NOW)
    status = state.view.status
    assert sure(column_lines(status, sight, width) + paired_lines(status, sight, width)) == []
    header = verdict_lines(state, NOW, width)
    assert "SERVING" not in text(header)
    assert sure(header[:1]) == []
    rows = [[*row.cells[-1:]] for row in session_rows(state.view, sight)]
    assert sure([tuple(cells) for cells in rows]) == []  # type: ignore[arg-type]
    assert "○ was served" in text([tuple(cells) for cells in rows])  # type: ignore[arg-type]


def test_a_silent_node_says_for_how_long_what_it_was_and_what_to_do() -> None:
    lines = verdict_lines(heard(42), NOW, 80, title="Dashboard")
    assert text(lines[:1]) == " Dashboard  ▲ SILENT  for 42 s · was serving: answering task 7/12"
    assert "r connects anew" in text(lines)


def test_a_node_that_has_gone_says_how_old_what_is_below_is() -> None:
    [first, *_] = verdict_lines(heard(42, Link.UNREACHABLE), NOW, 80, title="Dashboard")
    assert "✖ UNREACHABLE  no node is running" in text([first])
    assert "42 s old · trying now" in text([first])


def test_with_an_old_head_the_verdict_is_in_doubt_as_the_head_is() -> None:
    late = heard(1, head_seen_at=NOW - 90)
    [first, *_] = verdict_lines(late, NOW, 80)
    assert text([first]).startswith(" ▲ SERVING, the head is 90 s old  answering task 7/12")
    assert sure([first]) == []
    assert late.view is not None
    assert "▲ head     late" in text(column_lines(late.view.status, Sight.of(late, NOW), 80))


def test_a_head_is_never_late_where_blocks_come_with_traffic_only() -> None:
    quiet = heard(1, head_seen_at=NOW - 4000, head_alarm_s=None)
    assert quiet.view is not None
    [first, *_] = verdict_lines(quiet, NOW, 80)
    assert text([first]).startswith(" ● SERVING  answering")
    assert "head is old" not in title_of(quiet, NOW)
    lines = text(column_lines(quiet.view.status, Sight.of(quiet, NOW), 110))
    assert "● head     current      1,204 · 66 min ago" in lines


UNREAD = heard(1, unread_since=NOW - 40, error="No answer. It took too long.", head_seen_at=NOW - 41)


@pytest.mark.parametrize("width", [80, 160])
def test_nothing_read_of_a_chain_that_does_not_answer_looks_sure_while_the_node_talks(width: int) -> None:
    assert UNREAD.view is not None
    status = UNREAD.view.status
    lines = column_lines(status, Sight.of(UNREAD, NOW), width)
    told = {"".join(span.text for span in one).split()[1]: one for one in lines}
    assert sure([told[label] for label in ("chain", "head", "gas", "registry")]) == []
    assert "○ head     not read     1,204 · 40 s ago" in text([told["head"]])
    assert "○ gas      not read     9.9987 ether" in text([told["gas"]])
    assert sure([told["store"]]), "what the node sees by itself is as sure as ever"
    cells = [tuple(row.cells[-1:]) for row in session_rows(UNREAD.view, Sight.of_chain_in(UNREAD, NOW))]
    assert "○ was served" in text(cells)  # type: ignore[arg-type]


def test_a_chain_that_hangs_is_told_before_it_is_an_error() -> None:
    hanging = heard(1, unread_since=NOW - 16)
    assert hanging.view is not None
    lines = text(column_lines(hanging.view.status, Sight.of(hanging, NOW), 110))
    assert "▲ chain    no answer    told last 15 s ago" in lines


def test_stages_and_states_that_may_have_changed_do_not_look_sure() -> None:
    assert UNREAD.view is not None
    sight, on_chain = Sight.of(UNREAD, NOW), Sight.of_chain_in(UNREAD, NOW)
    running, sent = UNREAD.view.tasks[-1], UNREAD.view.transactions[-1]
    stage = task_row(running, sight, on_chain).cells[2]
    state = transaction_row(sent, sight, on_chain).cells[-1]
    assert (stage, state) == (Span("○ acked", "muted"), Span("○ sent", "muted"))
    done, mined = UNREAD.view.tasks[0], UNREAD.view.transactions[0]
    assert task_row(done, sight, on_chain).cells[2] == Span("● ended", "good")
    assert transaction_row(mined, sight, on_chain).cells[-1] == Span("● mined", "good")


def test_why_no_tasks_come_is_told_as_it_was_by_a_node_that_is_silent() -> None:
    silent = heard(42)
    assert silent.view is not None
    lines = why_lines(silent.view, Sight.of(silent, NOW), 80)
    assert "▲ As it was 42 s ago: the node does not talk." in text(lines)
    assert "○ was met  the model is running" in text(lines)
    assert "Nothing known stands in the way" not in text(lines)
    assert sure(lines) == []


def test_the_speed_of_the_last_run_is_told_with_its_age_once_that_is_a_while_ago() -> None:
    view = from_snapshot(samples.snapshot(live=samples.live(finished=samples.finished())))
    assert text([heading(view, NOW)]).startswith("40.7 tok/s  stop  task 7/12")
    assert text([heading(view, NOW + 1200)]).startswith("40.7 tok/s 20 min ago  stop  task 7/12")


def test_a_blocked_node_is_blocked_however_old_the_head_is() -> None:
    view = from_snapshot(samples.snapshot(status=samples.blocked()))
    state = msgspec.structs.replace(heard(1), view=view)
    [first, *_] = verdict_lines(state, NOW + 100 - 1, 80)
    assert view.status.verdict is Verdict.BLOCKED
    assert "head" not in text([first])


def test_a_balance_read_long_ago_is_not_said_to_be_enough() -> None:
    old = msgspec.structs.replace(
        samples.status(), node=msgspec.structs.replace(samples.status().node, read_at=NOW - 51)
    )
    lines = text(column_lines(old, Sight(NOW), 110))
    assert "▲ gas      unsure       9.9987 ether" in lines
    assert "read 50 s ago" in lines


def test_charts_of_a_silent_node_end_when_it_spoke_last() -> None:
    sight = Sight(NOW, silent_s=1800.0)
    decode, *_ = throughput(from_snapshot(samples.snapshot()), sight.at)
    drawn = text(chart_lines(decode._replace(ended_s=sight.silent_s), 60, 6))
    assert "84 min ago" in drawn
    assert "30 min ago" in drawn
    assert "now" not in drawn


roles = st.sampled_from(["good", "accent", "warn", "bad", "muted", "plain", "good strong"])


@given(roles, st.floats(0, 1e6), st.floats(1, 1e4), st.none() | st.floats(0, 1e6))
def test_no_look_is_surer_than_its_age(
    role: str, age_s: float, fresh_s: float, silent_s: float | None
) -> None:
    sight = Sight(NOW, silent_s)
    mark, seen = sight.look(("●", role), sight.at - age_s, fresh_s)
    is_sure = bool({"good", "accent"} & set(seen.split()))
    if silent_s is not None:
        assert not is_sure
        assert mark == "○" or not {"good", "accent"} & set(role.split())
    elif age_s > fresh_s + 1e-3:
        assert not is_sure
    elif age_s < fresh_s - 1e-3:
        assert (mark, seen) == ("●", role)
