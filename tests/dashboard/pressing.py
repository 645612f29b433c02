"""Scenes in which keys are pressed, and what a person could notice of a key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from textual.events import Key
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.key_actions import KeyActions
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.screens.reading import ReadingScreen
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.log_messages import GetLogs
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.network_messages import GetNetwork

from . import network_samples, samples
from .conftest import LIMIT_S, live
from .form_answers import answer_checks
from .past import answer_history
from .pictures import LASTING
from .scripted_node import ScriptedNode
from .scripted_setup import ScriptedSetup
from .session_samples import answer_readings, answer_swaps
from .settings_answers import answer_settings
from .test_logs import ScriptedLog

_BUSY = ("Trying it", "Checking …", "reading …")
WIDTH, HEIGHT = SIZE = (80, 24)


class Scene(NamedTuple):
    """Where a key is pressed: a place, what is opened and pressed there, words then in sight, and more keys.

    A low terminal gives something to scroll.
    """

    place: str
    keys: tuple[str, ...] = ()
    shows: str = ""
    opened: Callable[[Dashboard], Any] | None = None
    then: tuple[str, ...] = ()
    height: int = HEIGHT

    def after(self, *keys: str) -> Scene:
        """Return the scene some keys later."""
        return self._replace(then=keys)


class Portrait(NamedTuple):
    """What a person could notice: screens from below, the place, every cell, the toast, and what was done."""

    screens: tuple[str, ...]
    place: str
    drawn: str
    toast: str
    clipboard: str
    acts: tuple[str, ...]
    asked: tuple[str, ...]
    has_left: bool


PLACES = {
    "dashboard": Scene("dashboard", shows="harbour pilot"),
    "sessions": Scene("sessions", shows="harbour pilot"),
    "tasks": Scene("tasks", shows="7/11"),
    "transactions": Scene("transactions", shows="8/2"),
    "network": Scene("network", shows="arbitrum"),
    "logs": Scene("logs", shows="of many"),
    "settings": Scene("settings", shows="HOST"),
    "setup": Scene("setup", shows="Set up a node"),
}
ALL = tuple(PLACES.values())
SESSIONS, TASKS, LOGS = PLACES["sessions"], PLACES["tasks"], PLACES["logs"]
TRANSACTION = Scene(
    "dashboard", ("enter",), "esc back", lambda app: app.screen.query_one("#transactions").focus()
)
NODE = Scene("dashboard", ("i",), "esc back", height=16)
SESSION = Scene("sessions", ("g", "enter"), "Tasks 12")
TASK = Scene("dashboard", (), "esc back", lambda app: app.open_task(TaskKey(7, 11)))
TASK_BESIDE = Scene("tasks", ("j", "enter"), "ended")
READING = Scene("dashboard", (), "characters", lambda app: app.push_screen(_reader()))
WHY = Scene("dashboard", ("w",), "Why am I not", height=12)
NEW_SESSION = Scene("dashboard", ("n",), "Answers/task")
ASSIGN = Scene("sessions", ("j", "a"), "Node address", height=12)
FILTER = Scene("tasks", ("slash", "4"), "/")
NOTICES = Scene("dashboard", ("exclamation_mark",), "Notices")
CHANGE_SETTING = Scene("settings", ("g", "j", "j", "enter", "3"), "=3 #")
SETUP_FILE = Scene("setup", ("g", "j", "enter"), "old/.env")
CONFIRM = Scene("dashboard", tuple("yes"), "Type yes", lambda app: app.push_screen(_confirmation()))


VERDICT = Scene("dashboard", opened=lambda app: app.screen.query_one("#verdict").focus())


def _reader() -> ReadingScreen:
    return ReadingScreen(TaskKey(7, 11), is_answer_first=True)


def _confirmation() -> ConfirmScreen:
    return ConfirmScreen("Sure?", "It cannot be undone.", "yes")


def answer_everything(node: ScriptedNode) -> None:
    """Let a scripted node answer whatever a key may ask."""
    answer_history(node)
    history = node.answers[GetLogs]
    log = ScriptedLog(1_000)

    def logs(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetLogs)
        return log.answer(body) if body.task is None else history(body)

    answer_settings(node)
    answer_readings(node)
    answer_swaps(node)
    answer_checks(node)
    node.answers[GetLogs] = logs
    node.answers[GetNetwork] = lambda _: network_samples.network_report()


class Stage:
    """A dashboard before a node that answers everything, and what became of the keys pressed there."""

    def __init__(self, node: ScriptedNode, pilot: Pilot[None], done: list[str]) -> None:
        assert isinstance(pilot.app, Dashboard)
        self.app = pilot.app
        self.pilot = pilot
        self._node = node
        self._done = done

    def portrait(self) -> Portrait:
        """Return what there is to be seen now."""
        app = self.app
        rows = app.screen._compositor.render_strips()
        drawn = "\n".join("".join(f"{text}|{style}" for text, style, _ in strip) for strip in rows)
        toast = app.toasts.shown
        below = app.screen_stack[0]
        asked = tuple(repr(body) for body in self._node.requests)
        return Portrait(
            tuple(type(screen).__name__ for screen in app.screen_stack),
            below.PLACE if isinstance(below, PlaceScreen) else "",
            drawn,
            "" if toast is None else f"{toast.title} {toast.text}",
            app.clipboard,
            tuple(self._done),
            asked,
            app._exit,
        )

    async def settle(self) -> Portrait:
        """Wait until nothing moves any more: no answer is awaited, and two looks see the same."""
        last = None
        while True:
            await self.pilot.pause(0.01)
            if any(one.is_running and one.group not in LASTING for one in self.app.workers):
                continue
            if self._rests_for_a_while():
                continue
            now = self.portrait()
            if now == last and not any(words in now.drawn for words in _BUSY):
                return now
            last = now

    def _rests_for_a_while(self) -> bool:
        """Tell whether a widget waits for typing or a cursor to rest before it goes on."""
        return any(
            timer._repeat == 0 and timer._interval < 1 and timer._task is not None and not timer._task.done()
            for node in (self.app.screen, *self.app.screen.query("*"))
            for timer in node._timers
        )

    async def reach(self, scene: Scene) -> Portrait:
        """Come to a scene from wherever one is."""
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        self.app.go_to(scene.place)
        await self._resize(HEIGHT)
        await self.until(lambda: self.portrait().place == scene.place)
        await self.settle()
        while PLACES[scene.place].shows not in self.text() or isinstance(self.app.focused, Input):
            await self._press(("escape",))  # it is as it was left: a filter, a detail
            if isinstance(self.app.screen, AskScreen):
                await self._press(("enter",))  # what was typed goes
            self.app.go_to(scene.place)
            await self.settle()
        await self._resize(scene.height)
        if scene.opened is not None:
            scene.opened(self.app)
            await self.settle()
        await self._press(scene.keys)
        await self.until(lambda: scene.shows in self.text())
        await self._press(scene.then)
        if (toast := self.app.toasts.shown) is not None:
            self.app.toasts.end(toast)
        return await self.settle()

    async def _resize(self, height: int) -> None:
        if self.app.size != (WIDTH, height):
            await self.pilot.resize_terminal(WIDTH, height)
            await self.until(lambda: self.app.size == (WIDTH, height))

    async def _press(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            await self.press(key)
            await self.settle()

    async def press(self, key: str) -> None:
        """Press a key and wait until it has acted; the pilot's own waits until the whole machine rests."""
        await self.app.on_event(Key(key, key_to_character(key)))
        await self.app.until_typed()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Let the app work until something is so."""
        async with asyncio.timeout(LIMIT_S):
            while not is_so():
                await self.pilot.pause(0.01)

    def text(self) -> str:
        """Return all that is drawn."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    def has(self, key: str, *binding_ids: str) -> bool:
        """Tell whether a key does one of these here."""
        active = self.app.screen.active_bindings.get(key)
        return active is not None and active.binding.id in binding_ids


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Record what goes past the screen: what is written to the terminal, and going to the shell."""
    done: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dashboard, "action_suspend_process", lambda _: done.append("suspended"))
        patch.setattr(KeyActions, "_write_to_terminal", lambda _, text: done.append(text))
        yield done


async def staged(node: ScriptedNode, pilot: Pilot[None], done: list[str]) -> Stage:
    """Return a stage once the node's first word is on the screen."""
    await live(pilot)
    return Stage(node, pilot, done)


def dashboard(node: ScriptedNode, **more: Any) -> Dashboard:
    """Return a dashboard of a node that answers everything."""
    answer_everything(node)
    return Dashboard(node.connect, make_setup=ScriptedSetup, now=lambda: samples.NOW, **more)
