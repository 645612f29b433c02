"""The dashboard's benchmark gives what its documentation names, and sees what a terminal sees."""

from __future__ import annotations

import sys

import pytest

from benchmarks.processes import BenchmarkError
from benchmarks.tui.attached import WatchedPair
from benchmarks.tui.big import Big
from benchmarks.tui.figures import GOALS, Measured, figures, table
from benchmarks.tui.resting import Rest
from benchmarks.tui.starting import Starts
from benchmarks.tui.streaming import Streaming
from benchmarks.tui.terminal import on_terminal_of
from tests.benchmarks.documented import MACHINE, check_figures, figures_of, without_machine

MEASURED = Measured(
    starts=Starts(bare_s=[0.2, 0.2], first_s=[0.3, 0.2], live_data_s=[0.1, 0.1]),
    rest=Rest(bytes_per_s=[150.0], dashboard_cpu_pct=[0.3], node_cpu_pct=[0.4], rss_mb=60.0),
    streaming=Streaming(
        bytes_per_s=[7000.0], cpu_pct=[4.0], key_ms=[5.0, 6.0], slow_link_key_ms=[50.0], rss_mb=62.0
    ),
    big=Big(key_ms={"sessions": [5.0], "tasks": [9.0]}, rss_mb=70.0),
    pairs=[WatchedPair(99.0, 100.0)],
    exits_s=[2.0],
)
WRITES = (
    "import sys, time; sys.stdout.write('\\x1b[3;5Hhere \\x1b[48;2;1;2;3mmarked\\x1b[0m'); "
    "sys.stdout.flush(); "
)


def test_every_figure_is_documented_and_every_goal_is_a_figure() -> None:
    found = figures(MACHINE, MEASURED)

    check_figures(without_machine(found), figures_of("The dashboard"), GOALS)


def test_the_table_tells_which_goals_are_met() -> None:
    lines = table(figures(MACHINE, MEASURED)).splitlines()

    assert any(line.startswith("idle_bytes_per_s") and "<= 300 met" in line for line in lines)
    assert any(line.startswith("live_bytes_per_s") and "<= 6000 MISSED" in line for line in lines)
    assert any(line.startswith("decode_ratio_attached") and ">= 0.98 met" in line for line in lines)


async def test_a_terminal_sees_text_and_colors_where_they_are() -> None:
    async with on_terminal_of((sys.executable, "-c", WRITES + "time.sleep(60)")) as terminal:
        seen_at_s = await terminal.shows("here marked")

        assert terminal.screen.rows_on("010203") == (2,)
        assert seen_at_s >= terminal.started_at_s
        assert terminal.bytes_between(terminal.started_at_s, seen_at_s + 1) > len("here marked")


async def test_a_program_that_never_shows_it_is_an_error_with_its_screen() -> None:
    async with on_terminal_of((sys.executable, "-c", WRITES + "time.sleep(60)")) as terminal:
        with pytest.raises(BenchmarkError, match="here marked"):
            await terminal.shows("something else", limit_s=1.0)
