"""How a problem is told: three parts, or running text where there is little room; foreign words are inert."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.present.startup import START, waiting_lines
from cortensor_tui.dashboard.startup import StartupBoard
from cortensor_tui.domain.problems import Problem

WHOLE = Problem(code="x", what="It broke", why="the \x1b[31mchain said no", remedy="Send it again")


def told(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in one).rstrip() for one in lines]


def test_each_part_has_a_line() -> None:
    assert told(problem_lines(WHOLE, 60)) == [" ✖ It broke", "   the ␛[31mchain said no", "   Send it again"]


def test_what_is_not_known_is_left_out() -> None:
    assert told(problem_lines(Problem(code="x", what="It broke", remedy="Wait"), 60)) == [
        " ✖ It broke",
        "   Wait",
    ]


def test_where_there_is_little_room_it_is_running_text() -> None:
    assert told(problem_lines(WHOLE, 44, most_lines=2)) == [
        " ✖ It broke. The ␛[31mchain said no. Send",
        "   it again.",
    ]


@given(st.text(max_size=300), st.text(max_size=300), st.integers(12, 120), st.integers(0, 4))
def test_no_line_is_wider_than_there_is_room_for(what: str, why: str, width: int, most_lines: int) -> None:
    lines = problem_lines(Problem(code="x", what=what, why=why), width, most_lines=most_lines)
    assert all(width_of(one) <= width for one in lines)
    assert not most_lines or len(lines) <= most_lines


def test_why_there_is_no_node_is_told_alike() -> None:
    away = FeedState(link=Link.UNREACHABLE, since=0.0, problem=WHOLE)
    board = StartupBoard(("node",))
    board.fail(WHOLE)
    lines = problem_lines(WHOLE, 60)
    assert waiting_lines(away, None, can_start_node=False, width=60) == [(), *lines]
    for stopped in (None, board):
        told_there = waiting_lines(away, stopped, can_start_node=True, width=60)
        assert told_there[-len(lines) - 1 : -1] == lines
        assert told(told_there)[-1] == f"   {START}"
