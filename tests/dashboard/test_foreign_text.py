"""Foreign text is inert in every place and panel: it can move, colour, title, copy and hang nothing."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.feed import Link
from cortensor_tui.dashboard.places import PLACES, Place
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.domain import inert as inert_module
from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.messages import Snapshot
from tests.foreign.texts import CORPUS, FOREIGN, LONG, SHORT

from . import samples
from .conftest import until
from .foreign import NextText, answer_to, filled
from .scripted_node import ScriptedNode
from .strict_terminal import StrictTerminal

SIZES = [(80, 24), (160, 48)]
PANELS = ("a", "u", "n", "s", "i", "question_mark", "enter")
"""Keys that open something over a place, where the place has them."""
LIMIT_S = 120.0
MOST_CHARS_READ = 1_000_000
"""Of foreign text in one visit, however often it is drawn."""


class Drawn(NamedTuple):
    """An application and the terminal that it draws on."""

    app: Dashboard
    pilot: Pilot[None]
    terminal: StrictTerminal
    node: ScriptedNode


def texts_of(given_texts: Sequence[str]) -> NextText:
    """Return a function that gives one text after the other, for ever."""
    following = itertools.cycle(given_texts)
    return lambda: next(following)


def snapshot_of(text: NextText) -> Snapshot:
    """Return a snapshot with nothing but foreign text in it."""
    problem = Problem(code="x", what="w", why="y", remedy="r")
    status = samples.status(problem=problem, warnings=("one", "two"))
    return filled(samples.snapshot(status=status), text)


@asynccontextmanager
async def drawn(text: NextText, size: tuple[int, int]) -> AsyncIterator[Drawn]:
    """Run a dashboard before a node that says nothing else, and obey what it writes to its terminal."""
    terminal = StrictTerminal(*size)
    with tempfile.TemporaryDirectory(prefix="ct") as folder, pytest.MonkeyPatch.context() as patch:
        node = ScriptedNode(Path(folder) / "node.sock", snapshot_of(text))
        node.otherwise = lambda body: answer_to(body, text)
        await node.start()
        patch.setattr(HeadlessDriver, "is_headless", property(lambda _: False))
        patch.setattr(HeadlessDriver, "write", lambda _, told: terminal.feed(told))
        app = Dashboard(node.connect, now=lambda: samples.NOW)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.view is not None)
            yield Drawn(app, pilot, terminal, node)
        await node.stop()


async def visit(shown: Drawn, place: Place) -> None:
    """Go to a place, open what opens there, copy, and compare the terminal with what was meant."""
    shown.app.go_to(place.name)
    await until(shown.pilot, lambda: shown.app.current_mode == place.name)
    await settled(shown)
    for key in PANELS:
        await shown.pilot.press(key)
        await settled(shown)
        await shown.pilot.press("y")
        while not isinstance(shown.app.screen, PlaceScreen):
            shown.app.pop_screen()
            await shown.pilot.pause()
    await settled(shown)


def meant(app: Dashboard) -> list[str]:
    """Return the rows that the application means to be on the terminal."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


async def settled(shown: Drawn) -> None:
    """Let what was asked for arrive, then look at every row."""
    await shown.pilot.pause(0.03)
    shown.app.screen.refresh()
    await shown.pilot.pause()
    with suppress(TimeoutError):  # an answer may be on its way to the terminal; what was moved stays so
        await until(shown.pilot, lambda: shown.terminal.lines == meant(shown.app))
    assert shown.terminal.lines == meant(shown.app)
    for copied in shown.terminal.clipboard:
        assert inert_module.inert_lines(copied, len(copied) + 1) == copied.split("\n")
    for title in shown.terminal.titles:
        assert inert_module.inert(title) == title


def is_counted(patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the characters that are made inert one by one, which is what costs time."""
    counts = [0]
    marked = inert_module._marked

    def counting(text: str) -> str:
        counts[0] += len(text)
        return marked(text)

    patch.setattr(inert_module, "_marked", counting)
    return lambda: counts[0]


def rotated(texts: Sequence[str], by: int) -> NextText:
    """Give the texts, beginning elsewhere, so that each comes into other fields."""
    return texts_of([*texts[by:], *texts[:by]])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_the_corpus_in_every_field_of_every_place(place: Place, size: tuple[int, int]) -> None:
    text = rotated(SHORT, PLACES.index(place) * 5)
    async with asyncio.timeout(LIMIT_S), drawn(text, size) as shown:
        await visit(shown, place)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_long_texts_in_every_place_hang_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [one for text in LONG for one in (text[:100_000], *["harbour"] * 8)]
    read = is_counted(monkeypatch)
    size = SIZES[PLACES.index(place) % 2]
    async with asyncio.timeout(LIMIT_S), drawn(texts_of(texts), size) as shown:
        await visit(shown, place)
    assert read() < MOST_CHARS_READ


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=FOREIGN, place=st.sampled_from(PLACES))
def test_whatever_strangers_write(text: str, place: Place) -> None:
    async def visited() -> None:
        async with asyncio.timeout(LIMIT_S), drawn(texts_of([text, *SHORT[:3]]), SIZES[0]) as shown:
            await visit(shown, place)

    asyncio.run(visited())


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"change","sequence":101,"body":{"type":"rate","tokens_per_s":1}}\xff\n',
        b'{"type":"snapshot","protocol":1,"sequence":5,"status":"\xff\xfe\x1b[2J"}\n',
        b'{"type":"\\ud800\x9b"}\n',
        b"\x1b]0;OWNED-TITLE\x07\x1b[2J\n",
    ],
    ids=["trailing", "inside", "surrogate", "sequences"],
)
async def test_a_line_that_is_no_message_is_a_lost_node_and_nothing_else(line: bytes) -> None:
    async with asyncio.timeout(LIMIT_S), drawn(texts_of(["harbour"]), SIZES[0]) as shown:
        shown.node.say(line)
        await until(
            shown.pilot, lambda: shown.app.feed_state.link is not Link.LIVE or shown.node.attached > 1
        )
        await settled(shown)
        assert "OWNED-TITLE" not in "".join(shown.terminal.titles)


def test_the_corpus_has_what_it_is_said_to_have() -> None:
    everything = "".join(CORPUS.values())
    for needed in (*"\x00\t\x9b\ud800\u200b\u200d\u202e", "\x1b[", "\x1bP", "\x1b]0;", "\x1b]52;", "[bold"):
        assert needed in everything
    assert max(map(len, CORPUS.values())) >= 1_000_000
