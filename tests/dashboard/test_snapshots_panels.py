"""How every panel looks: what is told, what is asked, what is refused, what is being sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.hand_over import HandOverScreen
from cortensor_tui.dashboard.screens.router import RouterScreen
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.messages import RequestBody, Snapshot
from cortensor_tui.node.owner_messages import Assign, Check, CheckAssignment, CreateSession
from cortensor_tui.node.session_messages import CheckAct, GetSession
from cortensor_tui.node.settings_messages import CheckSetting

from . import samples
from .conftest import text_of, until
from .form_answers import answer_checks
from .pictures import FAULT, Stood, Take, answer_all, is_waiting, take
from .scripted_node import ScriptedNode, act_checked, refusal
from .session_samples import answer_swaps

__all__ = ["take"]

Act = Callable[[Dashboard], object]


class Panel(NamedTuple):
    """A panel: the place it is opened from, the keys and acts that open it, and words that it then has."""

    place: str
    steps: tuple[str | Act, ...]
    words: str
    prepare: Callable[[ScriptedNode], None] = answer_checks
    snapshot: Callable[[], Snapshot] = samples.snapshot
    is_busy: bool = False


def blocked() -> Snapshot:
    return samples.snapshot(status=samples.blocked(), live=None, rates=())


def idle() -> Snapshot:
    return samples.snapshot(tasks=())


def refusing(kind: type[RequestBody]) -> Callable[[ScriptedNode], None]:
    """Return what has the node refuse a request."""

    def prepare(node: ScriptedNode) -> None:
        node.answers[kind] = lambda _: refusal(*FAULT)

    return prepare


def hanging(kind: type[RequestBody]) -> Callable[[ScriptedNode], None]:
    """Return what has the node take a request and say nothing."""

    def prepare(node: ScriptedNode) -> None:
        answer_checks(node)
        node.unanswered = {kind}

    return prepare


def not_owner(node: ScriptedNode) -> None:
    answer_checks(node, is_owner=False)


def not_allowed(node: ScriptedNode) -> None:
    unmet = Check(name="contract accepts", is_met=False, detail="only the owner may do this")
    node.answers[CheckAct] = lambda _: act_checked(unmet, fee_wei=None)


def swap_while_busy(node: ScriptedNode) -> None:
    answer_swaps(node, in_flight=(TaskKey(7, 12),))


def typed(field: str, text: str) -> Act:
    """Return what puts a text in a field."""

    def act(app: Dashboard) -> None:
        app.screen.query_one(field, Input).value = text

    return act


PANELS = {
    "why-met": Panel("1", ("w",), "Nothing known stands in the way"),
    "why-not-met": Panel("1", ("w",), "Not met first", snapshot=blocked),
    "node": Panel("1", ("i",), "verdict"),
    "node-blocked": Panel("1", ("i",), "no balance", snapshot=blocked),
    "help": Panel("1", ("question_mark",), "Freeze"),
    "notices": Panel("1", ("exclamation_mark",), "Not met", snapshot=blocked),
    "no-notices": Panel("1", ("exclamation_mark",), "Nothing"),
    "themes": Panel("1", (Dashboard.action_change_theme,), "harbour"),
    "leaving": Panel("1", ("q",), "not answered yet"),
    "bind": Panel("2", ("j", "a"), "you own it"),
    "bind-refused": Panel("2", ("j", "a"), "you own it", not_owner),
    "bind-unanswered": Panel("2", ("j", "a"), "Checking", hanging(CheckAssignment), is_busy=True),
    "bind-sending": Panel("2", ("j", "a", "f10"), "sign and send", hanging(Assign), is_busy=True),
    "bind-failed": Panel("2", ("j", "a"), "The node failed", refusing(CheckAssignment)),
    "unbind": Panel("2", ("u",), "you own it"),
    "new-session": Panel("2", ("n", typed("#name", "quay")), "at most"),
    "new-session-empty": Panel("2", ("n",), "no name"),
    "new-session-refused": Panel("2", ("n", typed("#name", "quay")), "only the owner", not_allowed),
    "new-session-sending": Panel(
        "2", ("n", typed("#name", "quay"), "f10"), "sign and send", hanging(CreateSession), is_busy=True
    ),
    "prompt": Panel("2", ("s",), "Prompt"),
    "change-session": Panel("2", ("e", typed("#name", "quay")), "at most"),
    "routers": Panel("2", (lambda app: app.push_screen(RouterScreen(7)),), "address is"),
    "hand-over": Panel("2", (lambda app: app.push_screen(HandOverScreen(7)),), "owner"),
    "swap": Panel("2", ("m", typed("#comes", samples.STRANGER)), "then call", answer_swaps),
    "swap-busy": Panel("2", ("m", typed("#comes", samples.STRANGER)), "then call", swap_while_busy),
    "close-session": Panel("2", ("x",), "at most"),
    "close-session-asked": Panel("2", ("x", "enter", "8"), "Type 7"),
    "session": Panel("2", ("enter",), "Fields", snapshot=idle),
    "session-not-read": Panel("2", ("enter",), "not read", refusing(GetSession), idle),
    "task": Panel("1", (lambda app: app.open_task(TaskKey(7, 11)),), "ended"),
    "task-missed": Panel("3", (lambda app: app.open_task(TaskKey(8, 2)),), "cause"),
    "texts": Panel("3", ("j", "enter", "enter"), "characters"),
    "transaction": Panel(
        "1", (lambda app: app.open_transaction(samples.transactions()[4]),), "only the owner submits"
    ),
    "endpoint": Panel("5", ("j", "j", "enter"), "breaker"),
    "fact": Panel("5", ("tab", "enter"), "value"),
    "log-line": Panel("6", ("k", "k", "enter"), "room"),
    "change-setting": Panel("7", ("j", "j", "enter", "3"), "=3 #"),
    "change-setting-refused": Panel("7", ("j", "j", "enter", typed("#value", "lots")), "is not a number"),
    "change-setting-failed": Panel("7", ("j", "j", "enter", "3"), "The node failed", refusing(CheckSetting)),
}


@pytest.mark.parametrize("name", PANELS)
async def test_panel(take: Take, name: str) -> None:
    panel = PANELS[name]
    stood = Stood(panel.snapshot())
    answer_all(stood.node)
    panel.prepare(stood.node)

    def has_words() -> bool:
        return any(panel.words in text_of(view) for view in stood.app.screen.query("*"))

    async def stage(pilot: Pilot[None]) -> None:
        await stood.go_to(pilot, panel.place)
        await until(pilot, lambda: stood.app.screen.is_mounted and not is_waiting(stood.app))
        for left, step in zip(range(len(panel.steps) - 1, -1, -1), panel.steps, strict=True):
            if isinstance(step, str):
                await pilot.press(step)
            else:
                step(stood.app)
            await pilot.pause()
            is_last_busy = panel.is_busy and not left
            await until(pilot, lambda busy=is_last_busy: busy or not is_waiting(stood.app))  # type: ignore[misc]

    assert await take(stood.app, stage, has_words, waits_for_ever=panel.is_busy) == []
