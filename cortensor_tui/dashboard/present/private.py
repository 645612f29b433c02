"""Texts of private sessions: the node keeps them back; what stands in their place says how to see them."""

from __future__ import annotations

from typing import NamedTuple

from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Transaction

HIDDEN = "hidden · p shows it"
"""Stands where a text was kept back. Copying it copies nothing."""


class PrivateTexts(NamedTuple):
    """The private session whose texts are in sight, and whether they are kept back; `p` turns that round."""

    session_id: int
    is_hidden: bool


def prompt_of(task: TaskView) -> str:
    """Return a task's prompt, or what stands in its place."""
    if task.is_hidden:
        return HIDDEN
    return f"[{task.prompt_trouble}]" if task.prompt_trouble else task.prompt


def answer_of(task: TaskView) -> str | None:
    """Return a task's answer, what stands in its place, or None where there is none yet."""
    if task.is_hidden and task.answer is not None:
        return HIDDEN
    return f"[{task.answer_trouble}]" if task.answer_trouble else task.answer


def prompt_id_of(task: TaskView) -> str | None:
    """Return the content id of a task's prompt, what stands in its place, or None where there is none."""
    return HIDDEN if task.is_hidden else task.prompt_cid


def answer_id_of(task: TaskView) -> str | None:
    """Return the content id of a task's answer, what stands in its place, or None where there is none yet."""
    return HIDDEN if task.is_hidden and task.answer is not None else task.answer_cid


def call_of(one: Transaction) -> str:
    """Return a transaction's call; without its arguments where they were kept back."""
    return f"{one.call}  {HIDDEN}".lstrip() if one.is_hidden else one.call


def texts_of_task(task: TaskView | None) -> PrivateTexts | None:
    """Return what `p` does for a task, None where its session is not private."""
    if task is None or not task.is_private:
        return None
    return PrivateTexts(task.key.session_id, task.is_hidden)


def texts_of_session(view: SessionView | None) -> PrivateTexts | None:
    """Return what `p` does for a session, None where it is not private."""
    if view is None or not view.is_private:
        return None
    return PrivateTexts(view.session.session_id, view.is_hidden)


def texts_of_transaction(one: Transaction | None, view: NodeView | None) -> PrivateTexts | None:
    """Return what `p` does for the session of a transaction, None where that is not private.

    Whether texts are hidden is the session's to say: a call that carries none never is.
    """
    if one is None:
        return None
    session_id = one.task_key.session_id if one.task_key else one.session_id
    if session_id is None:
        return None
    session = None if view is None else view.session(session_id)
    if session is not None:
        return texts_of_session(session)
    return PrivateTexts(session_id, is_hidden=True) if one.is_hidden else None


def texts_of_run(view: NodeView | None) -> PrivateTexts | None:
    """Return what `p` does for the run going on, None where it is of no private session."""
    if view is None or view.live is None:
        return None
    session_id = view.live.key.session_id
    session = view.session(session_id)
    if view.live.is_hidden or (session is not None and session.is_private):
        return PrivateTexts(session_id, view.live.is_hidden)
    return None
