"""What of a server's log the node's own log takes."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from cortensor_tui.inference.container.server_log import MOST_LINES, REPEATS_A_PROMPT, ServerLog
from tests.inference.engines import ask
from tests.support.clock import StandingClock


def test_a_line_that_repeats_a_prompt_is_not_shown() -> None:
    server = ServerLog(StandingClock())
    server.remember(ask("My password is correct horse battery staple."))

    with capture_logs() as lines:
        server.hear("request: 'password is correct horse battery'", is_serving=True)
        server.hear("CUDA error: out of memory", is_serving=True)

    assert [line["line"] for line in lines] == [REPEATS_A_PROMPT, "CUDA error: out of memory"]
    assert server.shown("my password is correct horse") == REPEATS_A_PROMPT


def test_a_flood_is_counted_and_not_logged() -> None:
    clock = StandingClock()
    server = ServerLog(clock)

    with capture_logs() as lines:
        for number in range(MOST_LINES + 7):
            server.hear(f"line {number}", is_serving=False)
        clock.pass_s(1)
        server.hear("last", is_serving=False)

    assert len(lines) == MOST_LINES + 2
    assert lines[-2]["lines_left_out"] == 7
    assert lines[-1]["line"] == "last"


def test_a_line_that_is_not_logged_costs_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ServerLog(StandingClock())
    server.remember(ask("x" * 20_000))
    searched: list[str] = []

    def shown(line: str) -> str:
        searched.append(line)
        return line

    monkeypatch.setattr(server, "shown", shown)

    for number in range(1_000):
        server.hear(f"line {number}", is_serving=True)

    assert len(searched) == MOST_LINES


def test_what_it_says_while_it_serves_is_for_those_who_want_details() -> None:
    server = ServerLog(StandingClock())

    with capture_logs() as lines:
        server.hear("loading", is_serving=False)
        server.hear("GET /health", is_serving=True)

    assert [line["log_level"] for line in lines] == ["info", "debug"]
