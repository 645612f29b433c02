"""One session in full, read fresh from its contract while it is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_session
from cortensor_tui.dashboard.present.session_detail import SessionFacts, session_entries
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.sessions import Session
from cortensor_tui.domain.tasks import TaskCursor, TaskView
from cortensor_tui.node.history_messages import GetTasks, Tasks
from cortensor_tui.node.session_messages import GetSession

REST_S = 0.25
"""How long the cursor must rest on a session before it is read from its contract."""
PAGE_TASKS = 8
_TASK_TEXT_CHARS = 200


class SessionPane(Vertical):
    """Shows the session it is pointed at: at once what the list knows, soon after what the contract says."""

    DEFAULT_CSS = """
    SessionPane { height: 1fr; }
    """

    def __init__(self, desk: Desk, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.entries = EntryList(id="entries")
        """The list of values."""
        self._heading = Heading("Session")
        self._desk = desk
        self._session_id: int | None = None
        self._facts: SessionFacts | None = None
        self._asked_for: Session | None = None
        self._reached: TaskCursor | None = None
        self._most_tasks = PAGE_TASKS
        self._rest: Timer | None = None
        self._snapshots = 0
        self._is_past_known = False
        """Whether older tasks than the feed's were asked for, since the last snapshot."""

    def compose(self) -> ComposeResult:
        """Yield the values under their title."""
        yield self._heading
        yield self.entries

    @property
    def session_id(self) -> int | None:
        """Return the session that is shown."""
        return self._session_id

    @property
    def facts(self) -> SessionFacts | None:
        """Return what is known of the session that is shown."""
        return self._facts

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the session that is shown."""
        return texts_of_session(self._facts.view if self._facts else None)

    def point_at(self, session_id: int | None) -> None:
        """Show another session, or none."""
        if session_id == self._session_id:
            return
        self.workers.cancel_node(self)  # an older page that comes late would stand where the first belongs
        self._session_id = session_id
        self._facts = self._asked_for = self._reached = None
        self._is_past_known = False
        self._most_tasks = PAGE_TASKS
        self.take(self._desk.feed_state, is_new=True)

    def take(self, state: FeedState, *, is_new: bool = False) -> None:
        """Show the newest state; a session that has changed is read again.

        With a fresh snapshot its tasks are too: their texts may have been hidden or shown since.
        """
        if state.snapshots != self._snapshots:
            self.workers.cancel_node(self)
            self._snapshots = state.snapshots
            self._reached = self._asked_for = None
            self._is_past_known = False
            if self._facts is not None:
                self._facts = msgspec.structs.replace(self._facts, problem=None)
        view = state.view
        found = view.session(self._session_id) if view and self._session_id is not None else None
        if view is None or found is None:
            self.entries.show(())
            self._heading.say(line(("none is chosen", "muted")))
            return
        facts = self._facts or SessionFacts(view=found, node=view.status.node.address)
        known = facts.tasks if facts.tasks is not None and self._is_past_known else ()
        tasks = merged(known, self._told())
        self._facts = msgspec.structs.replace(
            facts,
            view=found,
            engine=None if view.status.is_watching else view.status.engine,
            owner_key_problem=view.status.owner_key_problem,
            tasks=tasks if self._is_past_known or (tasks and facts.tasks is not None) else None,
        )
        if found.session != self._asked_for:
            self._asked_for = found.session
            self._read_soon()
        self._draw(is_new=is_new)

    def read_older(self) -> None:
        """Ask for the next page of tasks."""
        if self._session_id is None or self._facts is None:
            return
        self._most_tasks += PAGE_TASKS
        if len(self._facts.tasks or ()) >= self._most_tasks:
            self._draw()
        else:
            self.run_worker(self._read_tasks(self._session_id, self._reached), group="older", exclusive=True)

    def _draw(self, *, is_new: bool = False) -> None:
        if self._facts is None:
            return
        tasks = self._facts.tasks or ()
        shown = msgspec.structs.replace(
            self._facts,
            tasks=None if self._facts.tasks is None else tasks[: self._most_tasks],
            has_older=self._facts.has_older or len(tasks) > self._most_tasks,
            is_past_known=self._is_past_known or self._facts.problem is not None,
        )
        sight = Sight.of_chain_in(self._desk.feed_state, self._desk.now())
        self.entries.show(session_entries(shown, sight), is_new=is_new)
        self._heading.say(line((str(self._session_id), "strong")))

    def _read_soon(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._read)

    def _read(self) -> None:
        if self._session_id is not None:
            self.run_worker(self._read_session(self._session_id), group="session", exclusive=True)

    async def _read_session(self, session_id: int) -> None:
        try:
            reply = await self._desk.request(GetSession(session_id=session_id))
        except ProblemError as error:
            self._learn(session_id, problem=error.problem)
        else:
            if isinstance(reply, SessionReading):
                self._learn(session_id, reading=reply, problem=None)
        if self._facts is not None and not self._is_past_known:
            await self._read_tasks(session_id, None)

    async def _read_tasks(self, session_id: int, before: TaskCursor | None) -> None:
        asked = GetTasks(session_id=session_id, before=before, limit=PAGE_TASKS, text_chars=_TASK_TEXT_CHARS)
        try:
            reply = await self._desk.request(asked)
        except ProblemError as error:
            self._learn(session_id, problem=error.problem)
            return
        if isinstance(reply, Tasks) and session_id == self._session_id and self._facts is not None:
            self._reached = reply.reached
            tasks = merged((*self._told(), *(self._facts.tasks or ())), reply.tasks)
            self._is_past_known = True
            self._learn(session_id, tasks=tasks, has_older=reply.has_more)
            self.take(self._desk.feed_state)  # with those that the feed has come to know meanwhile

    def _told(self) -> Iterator[TaskView]:
        """Yield the tasks of the session that the node tells of by itself."""
        tasks = () if self._desk.view is None else self._desk.view.tasks
        return (task for task in tasks if task.key.session_id == self._session_id)

    def _learn(self, session_id: int, **changes: object) -> None:
        if session_id == self._session_id and self._facts is not None:
            self._facts = msgspec.structs.replace(self._facts, **changes)
            self._draw()


def merged(known: Iterable[TaskView], newer: Iterable[TaskView]) -> tuple[TaskView, ...]:
    """Return tasks without doubles, newest first; of two the newer."""
    by_key = {task.key: task for task in (*known, *newer)}
    return tuple(by_key[key] for key in sorted(by_key, reverse=True))
