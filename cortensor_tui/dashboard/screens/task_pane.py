"""One task in full: what the feed tells of it, and what is asked of the node for it."""

from __future__ import annotations

import asyncio
from typing import cast

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from cortensor_tui.dashboard.cells import Span, wrap
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.private import answer_of, prompt_of
from cortensor_tui.dashboard.present.task_log import TaskLog, task_log_lines
from cortensor_tui.dashboard.present.task_report import (
    OPENS_PROMPT,
    PROOF_TITLE,
    UNKNOWN_TASK,
    Proof,
    TaskReport,
    copied,
    report_lines,
)
from cortensor_tui.dashboard.present.transaction_lines import transaction_opened
from cortensor_tui.dashboard.screens.task_log import read_task_log
from cortensor_tui.dashboard.stops import ReportLine
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.task_filter import SessionIs, TaskFilter, TaskIs, Term
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.domain.verification import Verification
from cortensor_tui.node.history_messages import (
    GetTask,
    GetTasks,
    GetTransactions,
    Tasks,
    Transactions,
    Verify,
)

REST_S = 0.15
"""How long the cursor must rest on a task before the node is asked for it."""
LOG_EVERY_S = 2.0
LOG_GROUP = "task log"
SHOWN_CHARS = 4_000
MOST_TRANSACTIONS = 50
VERIFY_TIMEOUT_S = 60.0  # some twenty reads, on a slow public chain
NONE_CHOSEN = "No task is chosen."
READING = "Reading …"
COPIES_WHOLE = "Copy the answer whole"


class TaskPane(Vertical):
    """The report of the task that `show` names; what the feed knows is not asked for."""

    DEFAULT_CSS = """
    TaskPane { height: 1fr; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading("Task")
        self._shown = Report(self._lines, id="report")
        self._key: TaskKey | None = None
        self._report: TaskReport | None = None
        self._loaded: tuple[Transaction, ...] | None = None
        self._log: TaskLog | None = None
        self._problem: Problem | None = None
        self._snapshots = -1
        self._is_read = False

    def compose(self) -> ComposeResult:
        """Yield the report under the task's number."""
        yield self._heading
        yield self._shown

    def on_mount(self) -> None:
        """Follow the log as long as the task is looked at."""
        self.set_interval(LOG_EVERY_S, self.follow_log)

    @property
    def task_in_sight(self) -> TaskView | None:
        """Return the task whose report is shown."""
        return self._report.task if self._report is not None else None

    def show(self, key: TaskKey | None, state: FeedState, listed: TaskView | None = None) -> None:
        """Show a task as the feed has it, else as it was loaded or `listed`; None where there is none."""
        is_other = key != self._key
        if is_other or state.snapshots != self._snapshots:
            self._start_over(key, state, is_other=is_other)
        if key is not None:
            self._take(key, state, listed)
        self._shown.redraw()

    def verify(self) -> None:
        """Prove the task against the chain."""
        if self._report is not None:
            self._report = msgspec.structs.replace(self._report, proof=Proof())
            self._shown.go_to_title(PROOF_TITLE)
            self.run_worker(self._verify(self._report.task.key), group="verify", exclusive=True)

    def copy_text(self) -> tuple[str, str] | None:
        """Return what the cursor is on and what that is called, else the answer's hash or the number."""
        stop = self._shown.current
        task = self.task_in_sight
        if stop is None or not stop.copy:
            return None if task is None else copied(task)
        is_cut = len(stop.copy) > SHOWN_CHARS
        return stop.copy, f"start of the {stop.name}; Y copies it whole" if is_cut else stop.name

    def copy_whole(self) -> None:
        """Copy the answer, or the prompt where the cursor is on it, however long."""
        if self._key is not None:
            stop = self._shown.current
            is_prompt = stop is not None and stop.opens == OPENS_PROMPT
            self.run_worker(self._copy_whole(self._key, is_prompt=is_prompt), group="copy", exclusive=True)

    def follow_log(self) -> None:
        """Ask for new lines, where someone looks and the ones before have come."""
        if self._key is None or self._log is None or not self.screen.is_current or not self.is_on_screen:
            return
        if not any(one.node is self and one.group == LOG_GROUP and one.is_running for one in self.workers):
            self.run_worker(self._read_log(self._key), group=LOG_GROUP)

    def _start_over(self, key: TaskKey | None, state: FeedState, *, is_other: bool) -> None:
        self._key, self._snapshots = key, state.snapshots
        self._report, self._loaded, self._problem, self._is_read = None, None, None, False
        self._log = None
        self.workers.cancel_node(self)
        if is_other:
            self._shown.start_over()
        self._heading.rename(f"Task {key}" if key else "Task")
        if key is not None:
            self.run_worker(self._load(key), group="task", exclusive=True)

    def _take(self, key: TaskKey, state: FeedState, listed: TaskView | None) -> None:
        told = state.view.task(key) if state.view is not None else None
        known = self._report.task if self._report is not None else None
        proof = self._report.proof if self._report is not None else None
        task = told or known or listed
        if task is not None:
            self._report = TaskReport(task=task, transactions=self._transactions(key, state), proof=proof)

    def _transactions(self, key: TaskKey, state: FeedState) -> tuple[Transaction, ...] | None:
        """Return what was loaded with what the feed has told since; None while neither knows any."""
        told = state.view.transactions if state.view is not None else ()
        newer = {one.transaction_id: one for one in told if one.task_key == key}
        if self._loaded is None:
            return tuple(newer.values()) or None
        return tuple(({one.transaction_id: one for one in self._loaded} | newer).values())

    async def _load(self, key: TaskKey) -> None:
        await asyncio.sleep(REST_S)
        only = TaskFilter((Term(SessionIs((key.session_id,))), Term(TaskIs((key.task_id,)))))
        found: TaskView | None = None
        try:
            tasks = await self._desk.request(GetTasks(filter=only, limit=1, text_chars=SHOWN_CHARS))
            sent = await self._desk.request(GetTransactions(task=key, limit=MOST_TRANSACTIONS))
        except ProblemError as error:
            self._problem = error.problem
        else:
            self._loaded = sent.transactions if isinstance(sent, Transactions) else None
            found = tasks.tasks[0] if isinstance(tasks, Tasks) and tasks.tasks else None
        if found is not None:
            proof = self._report.proof if self._report is not None else None
            self._report = TaskReport(task=found, proof=proof)
        self._take(key, self._desk.feed_state, found)
        self._is_read = True
        self._redraw()
        if self._report is not None:
            await self._read_log(key)

    async def _read_log(self, key: TaskKey) -> None:
        self._log = await read_task_log(self._desk, key, self._log)
        self._redraw()

    def _redraw(self) -> None:
        for report in self.query(Report):  # none is left while the screen is taken down
            report.redraw()

    async def _copy_whole(self, key: TaskKey, *, is_prompt: bool) -> None:
        try:
            reply = await self._desk.request(GetTask(key=key))
        except ProblemError as error:
            self._desk.tell(error.problem)
            return
        if not isinstance(reply, Tasks) or not reply.tasks:
            return
        task = reply.tasks[0]
        text, name = (prompt_of(task), "prompt") if is_prompt else (answer_of(task), "answer")
        self._desk.copy(text or "", name)

    @on(Report.Opened)
    def _on_opened(self, event: Report.Opened) -> None:
        event.stop()
        transaction_id = transaction_opened(event.opens)
        transactions = self._report.transactions if self._report is not None else None
        found = [one for one in transactions or () if one.transaction_id == transaction_id]
        if found:
            self._desk.open_transaction(found[0])
        elif self.task_in_sight is not None:
            from cortensor_tui.dashboard.screens.reading import open_texts

            open_texts(self.app, self.task_in_sight, is_prompt_first=event.opens == OPENS_PROMPT)

    async def _verify(self, key: TaskKey) -> None:
        try:
            reply = await self._desk.request(Verify(key=key), VERIFY_TIMEOUT_S)
        except ProblemError as error:
            proof = Proof(problem=error.problem)
        else:
            proof = Proof(found=reply) if isinstance(reply, Verification) else Proof()
        if self._report is not None:
            self._report = msgspec.structs.replace(self._report, proof=proof)
            for report in self.query(Report):
                report.go_to_title(PROOF_TITLE)

    @property
    def _desk(self) -> Desk:
        return cast(Desk, self.app)

    def _lines(self, width: int) -> list[ReportLine]:
        said = [] if self._problem is None else wrap(inert(self._problem.sentence(), 400), width - 4)
        trouble: list[ReportLine] = [
            (Span(" ✖ " if index == 0 else "   ", "bad"), Span(piece)) for index, piece in enumerate(said)
        ]
        if self._report is not None:
            view = self._desk.view
            is_watched = view is not None and view.status.is_watching
            sight = Sight.of_chain_in(self._desk.feed_state, self._desk.now())
            shown = report_lines(self._report, sight, width, is_watched=is_watched)
            return [*trouble, *shown, *task_log_lines(self._log, width)]
        return trouble or [(Span(f" {self._nothing}", "muted"),)]

    @property
    def _nothing(self) -> str:
        if self._key is None:
            return NONE_CHOSEN
        return UNKNOWN_TASK if self._is_read else READING
