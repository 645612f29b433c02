"""What leaving the dashboard means for the node, and whether that is worth a question."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.screens.ask import Answer
from cortensor_tui.dashboard.state import NodeView

DETACH, STOP = "detach", "stop"


class Farewell(msgspec.Struct, frozen=True):
    """The question before leaving."""

    title: str
    question: str
    answers: tuple[Answer, ...]


def farewell(view: NodeView | None, *, owns_node: bool, has_typed: bool = False) -> Farewell | None:
    """Return what to ask before leaving, None where nothing hangs on it.

    `has_typed` tells that something was typed that is kept nowhere.
    """
    if has_typed:
        question = "What you typed is not written yet, and is kept nowhere."
        return Farewell("Leave the set-up?", question, (Answer("q", "Leave", DETACH),))
    if owns_node:
        question = "Chain, node and client of the demo end with this dashboard, and their folder with them."
        return Farewell("End the demo?", question, (Answer("q", "End the demo", DETACH),))
    open_tasks = 0 if view is None else sum(1 for task in view.tasks if not task.stage.is_final)
    if not open_tasks:
        return None
    tasks = "1 task is" if open_tasks == 1 else f"{open_tasks} tasks are"
    question = (
        f"{tasks} not answered yet. Detach, and the node goes on with it.\n"
        "Stop, and it ends after what it is sending now; what is open then may be missed."
    )
    answers = (Answer("q", "Detach", DETACH), Answer("x", "Stop the node", STOP))
    return Farewell("Detach or stop?", question, answers)
