"""Every key of every binding, pressed wherever it works, does what one can see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.key_catalogue import all_bindings

from .pressing import (
    ALL,
    ASSIGN,
    CHANGE_SETTING,
    CONFIRM,
    FILTER,
    LOGS,
    NEW_SESSION,
    NODE,
    NOTICES,
    PLACES,
    READING,
    SESSION,
    SESSIONS,
    SETUP_FILE,
    SIZE,
    TASK,
    TASK_BESIDE,
    TASKS,
    TRANSACTION,
    VERDICT,
    WHY,
    Portrait,
    Scene,
    Stage,
    dashboard,
    recorded,
    staged,
)
from .scripted_node import ScriptedNode

KNOWN = all_bindings(Dashboard)
Effect = Callable[[Portrait, Portrait], bool]


class Deed(NamedTuple):
    """What a binding does, and the scenes in which it is tried.

    `nearer` is the binding of a widget that has the key before it by default and does the same.
    """

    effect: Effect
    scenes: Sequence[Scene]
    nearer: str = ""


def opens(name: str) -> Effect:
    return lambda before, after: after.screens == (*before.screens, name)


def goes(place: str) -> Effect:
    return lambda before, after: after.place == place != before.place


def closes(before: Portrait, after: Portrait) -> bool:
    return after.screens == before.screens[:-1]


def says(*words: str) -> Effect:
    return lambda before, after: any(word in after.toast for word in words)


def asks(request: str) -> Effect:
    return lambda before, after: any(request in one for one in after.asked[len(before.asked) :])


def acts(what: str) -> Effect:
    return lambda before, after: what in after.acts[len(before.acts) :]


def is_seen(before: Portrait, after: Portrait) -> bool:
    """Tell whether the same screen shows something else."""
    return after.screens == before.screens and after.drawn != before.drawn


def elsewhere(name: str) -> list[Scene]:
    return [scene for scene in ALL if scene.place != name]


LISTS = [TASKS, PLACES["transactions"]]
FREEZABLE = [PLACES["dashboard"], PLACES["network"]]
BOXES = [TRANSACTION, WHY, NEW_SESSION, SESSION, TASK, CHANGE_SETTING]

DEEDS = {
    "app.assign": Deed(opens("AssignScreen"), ALL),
    "app.back": Deed(goes("dashboard"), elsewhere("dashboard")),
    "app.colon": Deed(opens("Palette"), ALL),
    "app.copy": Deed(says("Copied", "Nothing to copy"), ALL),
    "app.help": Deed(opens("HelpScreen"), [*ALL, *BOXES]),
    "app.new_session": Deed(opens("NewSessionScreen"), ALL),
    "app.notices": Deed(opens("NoticesScreen"), [*ALL, TRANSACTION]),
    "app.palette": Deed(opens("Palette"), [*ALL, TRANSACTION]),
    "app.quit": Deed(opens("AskScreen"), ALL),
    "app.redraw": Deed(acts("\x1b[2J"), [*ALL, TRANSACTION, NEW_SESSION]),
    "app.refresh": Deed(says("Fetching everything anew"), ALL),
    "app.reveal": Deed(says("Nothing private"), ALL),
    "app.start_node": Deed(says("No node can be started from here"), ALL),
    "app.submit": Deed(opens("SubmitScreen"), ALL),
    "app.suspend": Deed(acts("suspended"), [*ALL, TRANSACTION, NEW_SESSION]),
    "app.unassign": Deed(opens("AssignScreen"), ALL),
    "confirm.do": Deed(closes, [CONFIRM]),
    "detail.copy": Deed(says("Copied", "Nothing to copy"), [NODE]),
    "document.down": Deed(is_seen, [NODE, TASK]),
    "document.first": Deed(is_seen, [NODE.after("G")]),
    "document.last": Deed(is_seen, [NODE.after("g")]),
    "document.page_down": Deed(is_seen, [NODE.after("g")]),
    "document.page_up": Deed(is_seen, [NODE.after("G")]),
    "document.up": Deed(is_seen, [NODE.after("G")]),
    "entries.down": Deed(is_seen, [SESSION]),
    "entries.first": Deed(is_seen, [SESSION.after("G")]),
    "entries.last": Deed(is_seen, [SESSION]),
    "entries.open": Deed(lambda before, after: before.screens != after.screens, [SESSION.after(*"jjjjjj")]),
    "entries.page_down": Deed(is_seen, [SESSION]),
    "entries.page_up": Deed(is_seen, [SESSION.after("G")]),
    "entries.up": Deed(is_seen, [SESSION.after("G")]),
    "filter.back": Deed(is_seen, [FILTER]),
    "form.confirm": Deed(is_seen, [NEW_SESSION]),
    "lines.open": Deed(opens("WhyScreen"), [VERDICT]),
    "list.export": Deed(says("No folder is known to write to"), LISTS),
    "list.filter": Deed(is_seen, LISTS),
    "list.freeze": Deed(is_seen, LISTS),
    "list.reverse": Deed(is_seen, LISTS),
    "list.sort": Deed(is_seen, LISTS),
    "log.down": Deed(is_seen, [LOGS.after("k", "k", "k")]),
    "log.first": Deed(is_seen, [LOGS.after("G")]),
    "log.last": Deed(is_seen, [LOGS.after("k", "k")]),
    "log.open": Deed(opens("DetailScreen"), [LOGS]),
    "log.page_down": Deed(is_seen, [LOGS.after("g")]),
    "log.page_up": Deed(is_seen, [LOGS.after("G")]),
    "log.up": Deed(is_seen, [LOGS]),
    "logs.filter": Deed(is_seen, [LOGS]),
    "logs.follow": Deed(is_seen, [LOGS]),
    "main.freeze": Deed(is_seen, [PLACES["dashboard"]]),
    "main.node": Deed(opens("DetailScreen"), [PLACES["dashboard"]]),
    "main.run": Deed(says("No other run"), [PLACES["dashboard"]]),
    "main.why": Deed(opens("WhyScreen"), [PLACES["dashboard"]]),
    "main.zoom": Deed(is_seen, [PLACES["dashboard"]]),
    "network.back": Deed(goes("dashboard"), [PLACES["network"]]),
    "network.filter": Deed(is_seen, [PLACES["network"]]),
    "network.freeze": Deed(is_seen, [PLACES["network"]]),
    "notices.back": Deed(closes, [NOTICES]),
    "panel.back": Deed(closes, [TRANSACTION, NODE, WHY, NEW_SESSION, SESSION, TASK, NOTICES]),
    "panel.copy": Deed(says("Copied"), [TASK]),
    "panel.page_down": Deed(is_seen, [ASSIGN]),
    "panel.page_up": Deed(is_seen, [ASSIGN.after("pagedown")]),
    "panel.reveal": Deed(says("Nothing private"), [TASK]),
    **{f"place.{name}": Deed(goes(name), elsewhere(name)) for name in PLACES},
    "reading.copy": Deed(says("Copied the answer's hash"), [READING]),
    "reading.reveal": Deed(says("Nothing private"), [READING]),
    "reading.turn": Deed(is_seen, [READING]),
    "report.open": Deed(lambda before, after: before != after, [TASK]),
    "session.change": Deed(opens("ChangeSessionScreen"), [SESSIONS, SESSION]),
    "session.close": Deed(opens("CloseSessionScreen"), [SESSIONS, SESSION]),
    "session.copy": Deed(says("Copied"), [SESSION]),
    "session.copy_whole": Deed(says("Copied"), [SESSIONS, SESSION]),
    "session.reveal": Deed(says("Nothing private"), [SESSION]),
    "session.swap": Deed(opens("SwapScreen"), [SESSIONS, SESSION]),
    "sessions.filter": Deed(is_seen, [SESSIONS]),
    "sessions.reverse": Deed(is_seen, [SESSIONS]),
    "sessions.sort": Deed(is_seen, [SESSIONS]),
    "setting.default": Deed(asks("CheckSetting"), [CHANGE_SETTING]),
    "setting.write": Deed(asks("ChangeSetting("), [CHANGE_SETTING]),
    "settings.change": Deed(opens("ChangeSettingScreen"), [PLACES["settings"]], "table.open"),
    "settings.changed": Deed(is_seen, [PLACES["settings"]]),
    "settings.filter": Deed(is_seen, [PLACES["settings"]]),
    "settings.read": Deed(asks("GetSettings"), [PLACES["settings"]]),
    "setup.back": Deed(is_seen, [SETUP_FILE]),
    "setup.read_again": Deed(says("Read again"), [SETUP_FILE.after("tab", "tab", "tab", "tab")]),
    "table.down": Deed(is_seen, [SESSIONS, TASKS, PLACES["transactions"], PLACES["settings"]]),
    "table.first": Deed(is_seen, [SESSIONS.after("G"), TASKS.after("G")]),
    "table.last": Deed(is_seen, [SESSIONS.after("g"), TASKS.after("g")]),
    "table.open": Deed(lambda before, after: before != after, [SESSIONS, TASKS, PLACES["transactions"]]),
    "table.page_down": Deed(is_seen, [SESSIONS.after("g"), TASKS.after("g")]),
    "table.page_up": Deed(is_seen, [SESSIONS.after("G"), TASKS.after("G")]),
    "table.up": Deed(is_seen, [SESSIONS.after("G"), TASKS.after("G")]),
    "tasks.copy_whole": Deed(lambda before, after: before != after, [TASKS, TASK]),
    "tasks.verify": Deed(asks("Verify("), [TASKS, TASK_BESIDE, TASK]),
    "transactions.copy_calldata": Deed(asks("GetCall("), [PLACES["transactions"], TRANSACTION]),
    "transactions.copy_link": Deed(says("Copied the link", "no explorer"), [PLACES["transactions"]]),
    "transactions.of_task": Deed(is_seen, [PLACES["transactions"]]),
    "why.back": Deed(closes, [WHY]),
    "why.copy": Deed(says("Copied the list"), [WHY]),
    "why.down": Deed(is_seen, [WHY]),
    "why.up": Deed(is_seen, [WHY.after("j", "j", "j")]),
}


ELSEWHERE = {"setup.next"}
"""Pressed in test_first_run, at every step that has something to go on with."""


def test_every_binding_is_tried() -> None:
    assert set(DEEDS) | ELSEWHERE == set(KNOWN), "what a new key does is said in DEEDS"


OTHER = "f12"
"""A key that nothing has."""


GROUPS = sorted({name.partition(".")[0] for name in DEEDS})


@pytest.mark.parametrize("group", GROUPS)
async def test_every_key_does_what_it_says(node: ScriptedNode, group: str) -> None:
    """One dashboard for all bindings of a group, scene by scene: going from place to place takes the time."""
    deeds = {name: deed for name, deed in DEEDS.items() if name.startswith(f"{group}.")}
    scenes = list(dict.fromkeys(scene for deed in deeds.values() for scene in deed.scenes))
    with recorded() as done:
        async with dashboard(node).run_test(size=SIZE) as pilot:
            stage = await staged(node, pilot, done)
            trial = Trial(stage)
            for scene in sorted(scenes, key=lambda scene: ALL.index(PLACES[scene.place])):
                for name, deed in deeds.items():
                    if scene in deed.scenes:
                        await trial.press_keys_of(name, deed, scene)
    for name in deeds:
        assert trial.tried[name] == set(KNOWN[name].keys), "each works in one of the scenes at least"
        assert name in trial.changed


class Trial:
    """Presses keys, and remembers which: of each binding its own, and once one that it was given."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.tried: dict[str, set[str]] = {}
        self.changed: set[str] = set()

    async def press_keys_of(self, name: str, deed: Deed, scene: Scene) -> None:
        """Press the keys of a binding that work in a scene."""
        stage, tried = self._stage, self.tried.setdefault(name, set())
        for key in KNOWN[name].keys:
            before = await stage.reach(scene)
            if not stage.has(key, name, deed.nearer):
                continue  # something nearer to the focus has it here
            tried.add(key)
            await pressed(stage, key, deed.effect, before)
            if name not in self.changed and key == KNOWN[name].keys[0]:
                await self._press_another(name, deed, scene)

    async def _press_another(self, name: str, deed: Deed, scene: Scene) -> None:
        """Give a binding another key, as a key file does, which then does it and not its own."""
        stage = self._stage
        await stage.reach(scene)
        stage.app.set_keymap({name: OTHER})
        before = await stage.settle()
        assert not any(stage.has(key, name) for key in KNOWN[name].keys)
        await pressed(stage, OTHER, deed.effect, before)
        stage.app.set_keymap({})
        self.changed.add(name)


async def pressed(stage: Stage, key: str, effect: Effect, before: Portrait) -> None:
    """Press a key and wait for what it does."""
    await stage.press(key)
    try:
        await stage.until(lambda: effect(before, stage.portrait()))
    except TimeoutError:
        pytest.fail(f"{key} did nothing of that over {before.screens}:\n{stage.text()}")
