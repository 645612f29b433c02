"""`tasks`: what the node was given to answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cortensor_tui.cli.asking import read_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import UNKNOWN, age, table
from cortensor_tui.cli.options import AsJson, Env, Limit, RevealTexts, id_number
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.cli.pages import read_pages
from cortensor_tui.cli.past import past_json, tell_past
from cortensor_tui.cli.revealing import HIDDEN, ask_for_texts
from cortensor_tui.cli.shapes import task_json
from cortensor_tui.cli.sorting import TASK_ORDERS, Reverse, SortTasks, TaskSort, is_rising
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.list_orders import TaskOrder, task_number
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import TaskCursor, TaskKey, TaskView
from cortensor_tui.node.history_messages import OLDEST_TASK, GetTask, GetTasks, Tasks

_TASK_HEADERS = ("SESSION", "TASK", "STAGE", "AGE", "TOKENS", "TOK/S", "PROMPT", "ANSWER")
_MAX_TEXT = 32

SomeSession = Annotated[
    int | None,
    typer.Argument(metavar="SESSION", parser=id_number, show_default=False, help="Only of this session."),
]


Filter = Annotated[
    str,
    typer.Option(
        "--filter", metavar="WORDS", help='Only those it matches, as in the dashboard: "missed age>1h".'
    ),
]
BeforeTask = Annotated[
    str,
    typer.Option("--before", metavar="SESSION/TASK", help="Go on with those after this task."),
]


def tasks(
    session: SomeSession = None,
    wanted: Filter = "",
    sort: SortTasks = TaskSort.AGE,
    reverse: Reverse = False,
    before: BeforeTask = "",
    limit: Limit = 100,
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """List the tasks this node was given."""
    order, goes_up = TASK_ORDERS[sort], is_rising(sort, is_reversed=reverse)
    asked = GetTasks(session_id=session, filter=parse(wanted) if wanted else None, order=order)
    place = _place_of(env, before, order) if before else OLDEST_TASK if goes_up else None
    found = _read_tasks(env, _from(asked, place, goes_up=goes_up), limit, is_revealing=reveal)
    if as_json:
        following = str(found.reached.key) if found.reached else None
        print_json(
            {
                "tasks": [task_json(task) for task in found.tasks],
                "next": following,
                "past": past_json(found.past),
            }
        )
        return Exit.DONE
    tell_past(found.past)
    if not found.tasks:
        print_text("No tasks match." if wanted or before or session is not None else "No tasks yet.")
    else:
        right = ("SESSION", "TASK", "AGE", "TOKENS", "TOK/S")
        print_text(table(_TASK_HEADERS, [_task_row(task) for task in found.tasks], right))
    return Exit.DONE


def _place_of(env: Path, written: str, order: TaskOrder) -> TaskCursor:
    """Return where a task stands that is written SESSION/TASK. Raises `ProblemError` where there is none."""
    session, _, task = written.partition("/")
    try:
        key = TaskKey(id_number(session), id_number(task))
    except typer.BadParameter as error:
        raise typer.BadParameter("write SESSION/TASK, as in 3/7", param_hint="--before") from error
    [found] = read_node(env, GetTask(key=key), Tasks).tasks
    return TaskCursor(task_number(order, found), found.key)


def _from(asked: GetTasks, place: TaskCursor | None, *, goes_up: bool) -> GetTasks:
    """Return what asks for the tasks that follow a place; a list that rises is read from its other end."""
    return msgspec.structs.replace(asked, **{"after" if goes_up else "before": place})


def _read_tasks(env: Path, asked: GetTasks, limit: int, *, is_revealing: bool) -> Tasks:
    """Return so many tasks as one page; `reached` is the last one looked at where there are more."""
    goes_up = asked.after is not None

    def read(body: GetTasks) -> Tasks:
        return ask_for_texts(env, body, Tasks, _hidden_sessions, is_revealing=is_revealing)

    def following(page: Tasks) -> GetTasks | None:
        return _from(asked, page.reached, goes_up=goes_up) if page.has_more and page.reached else None

    page, found = read_pages(asked, limit, read, lambda page: page.tasks, following)
    return msgspec.structs.replace(page, tasks=found, reached=page.reached if page.has_more else None)


def _hidden_sessions(found: Tasks) -> list[int]:
    """Return the sessions whose texts are kept back, from the list or from the search for it."""
    return [*(task.key.session_id for task in found.tasks if task.is_hidden), *found.unsearched]


def _task_row(task: TaskView) -> tuple[str, ...]:
    speed = task.decode_tokens_per_s
    return (
        str(task.key.session_id),
        str(task.key.task_id),
        task.stage.value,
        age(task.assigned_at),
        _number(task.answer_tokens),
        UNKNOWN if speed is None else f"{speed:.1f}",
        _prompt(task),
        _answer(task),
    )


def _prompt(task: TaskView) -> str:
    if task.prompt_trouble:
        return inert(f"[{task.prompt_trouble}]", _MAX_TEXT)
    return HIDDEN if task.is_hidden else inert(task.prompt, _MAX_TEXT)


def _answer(task: TaskView) -> str:
    if task.answer_trouble:
        return inert(f"[{task.answer_trouble}]", _MAX_TEXT)
    if task.answer is None:
        return UNKNOWN
    return HIDDEN if task.is_hidden else inert(task.answer, _MAX_TEXT)


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
