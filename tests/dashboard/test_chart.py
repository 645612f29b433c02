"""Charts that are readable in two lines: value, axis and time are said, and nothing is drawn that was not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.present.throughput import throughput
from cortensor_tui.dashboard.widgets.chart import Series, chart_lines, nice_top
from cortensor_tui.domain.throughput import HOUR_S, MINUTE_S, TEN_MINUTES_S, Throughput

from . import samples

VALUES = st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=200).map(tuple)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in one) for one in lines]


def drawn(series: Series, width: int, height: int) -> list[str]:
    return texts(chart_lines(series, width, height))


@given(VALUES, st.integers(12, 120), st.integers(2, 10))
def test_a_chart_keeps_to_its_cells(values: tuple[float | None, ...], width: int, height: int) -> None:
    lines = chart_lines(Series("decode", "41.2 tok/s", values, 60), width, height)
    assert len(lines) <= height
    assert all(width_of(one) <= width for one in lines)
    assert all(len({span.role for span in one}) <= 2 for one in lines[1:]), "each look costs bytes"


@given(VALUES)
def test_a_bar_stands_for_each_value_measured_and_for_no_other(values: tuple[float | None, ...]) -> None:
    floor = drawn(Series("decode", "", values, 60), 400, 4)[-1]
    if all(value is None for value in values):
        assert "nothing measured yet" in floor
        return
    bars = floor.partition("▕")[2]
    assert [bar == " " for bar in bars] == [value is None for value in values]
    assert [bar == "_" for bar in bars] == [value == 0 for value in values]


@given(st.floats(1e-6, 1e9))
def test_the_axis_ends_at_a_round_number_that_holds_the_highest(highest: float) -> None:
    top = nice_top(highest)
    assert highest <= top * (1 + 1e-9)
    assert top <= max(0.01, 10 * highest)
    assert f"{top:.0e}"[0] in "125"


def test_two_lines_say_value_time_and_the_end_of_the_axis() -> None:
    series = Series("decode", "41.2 tok/s", (None, 0.0, 20.0, 41.2), 60)
    assert drawn(series, 40, 2) == [" decode 41.2 tok/s           last 4 min ", "  50▕ _▃▇"]


def test_more_lines_get_a_floor_and_the_time_below() -> None:
    series = Series("decode", "41.2 tok/s", tuple(float(one) for one in range(51)), 60)
    lines = drawn(series, 60, 5)
    assert [line[:5] for line in lines[1:4]] == ["  50▕", "    ▕", "   0▕"]
    assert lines[-1].split() == ["51", "min", "ago", "now"]


def test_the_newest_values_are_those_that_are_shown() -> None:
    series = Series("decode", "", (50.0, *[1.0] * 30), 60)
    assert drawn(series, 24, 2)[1].startswith("   1▕█"), "the axis is that of what is in sight"


@pytest.mark.parametrize(
    ("length_s", "words", "an_hour"),
    [(MINUTE_S, "60 min", 18), (TEN_MINUTES_S, "24 h", 13), (HOUR_S, "7 d", 13)],
)
def test_throughput_is_told_of_an_hour_a_day_and_a_week(length_s: int, words: str, an_hour: int) -> None:
    view = from_snapshot(samples.snapshot())
    decode, prefill, tasks = throughput(view, samples.NOW, length_s)
    assert (decode.now, prefill.now, tasks.now) == ("41.2 tok/s", "400.0 tok/s", f"{an_hour} an hour")
    assert tasks.values[-1] == an_hour, "the title says what the last bar shows"
    assert words in drawn(decode, 200, 3)[0]
    assert max(value for value in decode.values if value is not None) == pytest.approx(41.0, abs=5)


def test_a_speed_of_long_ago_is_told_with_its_age_and_does_not_look_current() -> None:
    view = from_snapshot(samples.snapshot(live=samples.live(finished=samples.finished())))
    decode, prefill, _ = throughput(view, samples.NOW + 1200)
    for series, told in ((decode, "41.0 tok/s 20 min ago"), (prefill, "400.0 tok/s 20 min ago")):
        title = chart_lines(series, 60, 3)[0]
        assert f" {series.name} {told} " in "".join(span.text for span in title)
        assert "strong" not in {span.role for span in title}
    assert throughput(view, samples.NOW + 30)[0].seen_s is None
    silent = decode._replace(ended_s=600.0)
    assert "41.0 tok/s 30 min ago" in drawn(silent, 60, 3)[0]


def test_while_a_prompt_is_read_the_last_decode_speed_is_told() -> None:
    reading = samples.live(token_count=0, tokens_per_s=None, answer="")
    decode, _, _ = throughput(from_snapshot(samples.snapshot(live=reading)), samples.NOW)
    assert decode.now == "41.0 tok/s"


def test_the_first_run_is_drawn_before_its_task_has_ended_and_been_counted() -> None:
    nothing = samples.snapshot(throughput=Throughput(), live=samples.live(finished=samples.finished()))
    decode, prefill, _ = throughput(from_snapshot(nothing), samples.NOW)
    assert (decode.now, prefill.now) == ("40.7 tok/s", "382.7 tok/s")
    assert (decode.values[-1], prefill.values[-1]) == pytest.approx((40.7, 382.7), abs=0.1)
    assert set(decode.values[:-1]) == {None}
    going_on = samples.snapshot(throughput=Throughput())
    decode, prefill, _ = throughput(from_snapshot(going_on), samples.NOW)
    assert (decode.now, decode.values[-1]) == ("41.2 tok/s", 41.2)
    assert set(prefill.values) == {None}, "how fast the prompt was read is told at the end"


def test_before_the_first_task_tasks_an_hour_are_unknown_until_the_node_has_run() -> None:
    view = from_snapshot(samples.snapshot(throughput=Throughput(), live=None))
    decode, _, tasks = throughput(view, samples.NOW)
    assert set(decode.values) == {None}
    assert decode.now == "–"
    assert set(tasks.values) == {0.0}, "the node has run for an hour"
    later = throughput(view, samples.NOW - 1800)[2]
    assert later.values[0] is None
    assert later.values[-1] == 0.0
