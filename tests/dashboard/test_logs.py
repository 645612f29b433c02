"""The screen of the node's log, with the keys one would press."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present.log_rows import log_row
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.screens.logs import LogsScreen
from cortensor_tui.domain.logs import LogLevel, LogLine
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.log_messages import GetLogs, LogCursor, Logs
from cortensor_tui.node.messages import ReplyBody, RequestBody

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, refusal

SIZE = (120, 30)
KEY = TaskKey(7, 12)


class ScriptedLog:
    """The log of a scripted node: `lines` from its start on, all of them in memory."""

    def __init__(self, count: int) -> None:
        self.lines = [line(number) for number in range(count)]
        self.asked: list[GetLogs] = []

    def answer(self, body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetLogs)
        self.asked.append(body)
        last = body.before.number if body.before else len(self.lines)
        numbered = [
            (number, one)
            for number, one in enumerate(self.lines)
            if number < last and number >= (body.after or 0) and body.filter.wants(one)
        ]
        page = numbered[len(numbered) - body.limit :] if body.limit < len(numbered) else numbered
        is_rest = len(page) < len(numbered)
        return Logs(
            lines=tuple(one for _, one in page),
            newest=len(self.lines),
            left_out=len(numbered) - len(page) if body.after is not None else 0,
            earlier=LogCursor(number=page[0][0]) if is_rest and page else None,
        )


def line(number: int) -> LogLine:
    """Return one line: every tenth a warning, every hundredth of a task."""
    return LogLine(
        at=samples.NOW - 1_000 + number,
        level=LogLevel.WARNING if number % 10 == 0 else LogLevel.INFO,
        room="chain.endpoints.pool" if number % 2 else "miner.running",
        event=f"line {number} of many",
        task=KEY if number % 100 == 0 else None,
        fields=(("endpoint", "http://127.0.0.1:8545"), ("why", "a reason\x1b[31m")),
    )


def test_lines_of_one_second_are_told_apart_where_there_is_room() -> None:
    now = samples.NOW
    quarter = msgspec.structs.replace(line(1), at=now + 0.25)
    old = msgspec.structs.replace(line(1), at=now - 3 * 86_400)

    def lead(one: LogLine, width: int) -> str:
        return log_row(one, now, width)[0].text

    assert lead(quarter, 100).strip().endswith(".250")
    assert "." not in lead(quarter, 99)
    for width in (99, 100):
        assert len(lead(quarter, width)) == len(lead(old, width)), "columns stay in line"


@pytest.fixture
def log(node: ScriptedNode) -> ScriptedLog:
    """Have the node answer for a log of 1,000 lines."""
    scripted = ScriptedLog(1_000)
    node.answers[GetLogs] = scripted.answer
    return scripted


async def opened(pilot: Pilot[None], app: Dashboard, words: str = "line 999") -> LogsScreen:
    """Go to the screen and wait for its lines."""
    await live(pilot)
    await pilot.press("6")
    await until(pilot, lambda: isinstance(app.screen, LogsScreen) and words in shown(app, "#log"))
    assert isinstance(app.screen, LogsScreen)
    return app.screen


def look(screen: LogsScreen) -> None:
    """Let the second pass after which the screen asks."""
    screen.tick()


async def test_the_newest_lines_are_shown_and_followed(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        assert "following" in shown(app, "Heading")
        assert "▲ warning" in shown(app, "#log")
        assert "why=a reason␛[31m" in shown(app, "#log")
        log.lines.append(line(1_000))
        look(screen)
        await until(pilot, lambda: "line 1000" in shown(app, "#log"))
        assert {one.after for one in log.asked[1:]} <= {1_000, 1_001}, "only what is new is asked for"


async def test_going_up_freezes_and_counts_what_comes(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("k")
        assert "frozen" in shown(app, "Heading")
        before = shown(app, "#log")
        log.lines += [line(number) for number in range(1_000, 2_204)]
        look(screen)
        await until(pilot, lambda: "+1,204 lines" in shown(app, "Heading"))
        assert shown(app, "#log") == before
        assert log.asked[-1].limit == 0, "what is not looked at is only counted"
        await pilot.press("f")
        await until(pilot, lambda: "line 2203" in shown(app, "#log"))
        assert "following" in shown(app, "Heading")


@pytest.mark.parametrize("key", ["f", "space"])
async def test_follow_and_freeze_turn_round(app: Dashboard, log: ScriptedLog, key: str) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        await pilot.press(key)
        assert "frozen" in shown(app, "Heading")
        await pilot.press(key)
        await until(pilot, lambda: "following" in shown(app, "Heading"))


@pytest.mark.parametrize("key", ["G", "end"])
async def test_the_end_key_follows_again(app: Dashboard, log: ScriptedLog, key: str) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        await pilot.press("k", "k", key)
        await until(pilot, lambda: "following" in shown(app, "Heading"))


async def test_going_further_up_reads_further_back(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        for oldest in (800, 600, 400, 200, 0):
            await pilot.press("g")
            await until(pilot, lambda oldest=oldest: f"line {oldest} " in shown(app, "#log"))  # type: ignore[misc]
            await until(pilot, lambda: "looking" not in shown(app, "Heading"))


async def test_a_filter_is_asked_of_the_node(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        await pilot.press("slash", *"level:warning task:7/12 room:miner many", "enter")
        await until(pilot, lambda: "line 900" in shown(app, "#log") and "line 999" not in shown(app, "#log"))
        assert log.asked[-1].filter == msgspec.structs.replace(
            log.asked[0].filter, level=LogLevel.WARNING, task=KEY, room="miner", words=("many",)
        )


async def test_a_filter_that_hides_everything_says_so(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        await pilot.press("slash", *"nowhere", "enter")
        await until(pilot, lambda: "No line matches nowhere" in shown(app, "#log"))


async def test_a_mistake_in_the_filter_is_said_at_its_place(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        await pilot.press("slash", *"x level:loud", "enter")
        await until(
            pilot, lambda: "There is no level loud, at character 3" in shown(app, "FilterLine > TextLines")
        )


async def test_enter_opens_a_line_whole_and_y_copies_it(app: Dashboard, log: ScriptedLog) -> None:
    log.lines[-1] = msgspec.structs.replace(
        line(999), at=samples.NOW + 0.407, fields=(("why", "word " * 100 + "\x1b]52;c;AAAA\x07 end"),)
    )
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app)
        await pilot.press("y")
        assert app.clipboard.endswith("␛]52;c;AAAA␇ end")
        assert "line 999 of many" in app.clipboard
        assert ".407 UTC " in app.clipboard
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        assert "␛]52;c;AAAA␇ end" in shown(app, "#document")
        assert ".407 UTC" in shown(app, "#document")


async def test_an_empty_log_and_an_unreadable_one_say_so(app: Dashboard, node: ScriptedNode) -> None:
    node.answers[GetLogs] = ScriptedLog(0).answer
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app, "No log lines yet")
        node.answers[GetLogs] = lambda _: refusal("busy", "Too many requests at once")
        look(screen)
        await until(pilot, lambda: "▲ not read: Too many requests at once" in shown(app, "Heading"))
        node.answers[GetLogs] = ScriptedLog(5).answer
        look(screen)
        await until(pilot, lambda: "line 4" in shown(app, "#log"))
        assert "not read" not in shown(app, "Heading"), "the complaint goes with its cause"


async def test_a_log_that_is_not_read_yet_is_not_said_to_be_empty(app: Dashboard, node: ScriptedNode) -> None:
    node.unanswered.add(GetLogs)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, "Reading")
        await pilot.press("f")
        assert "frozen" in shown(app, "Heading")
        assert "Reading" in shown(app, "#log")


async def test_nobody_is_asked_while_nobody_looks(app: Dashboard, log: ScriptedLog) -> None:
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("1")
        count = len(log.asked)
        app._tick()
        await pilot.pause()
        assert len(log.asked) == count
        await pilot.press("6")
        assert app.screen is screen, "cursor and filter stay"
