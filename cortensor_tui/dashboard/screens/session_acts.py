"""What can be done to the session at hand, alike beside the list and in its own panel."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.present.session_detail import (
    OPENS_HAND_OVER,
    OPENS_OLDER,
    OPENS_ROUTER,
    OPENS_TASKS,
)
from cortensor_tui.dashboard.present.session_json import session_json
from cortensor_tui.dashboard.screens.owner_acts import ActsForOwner
from cortensor_tui.dashboard.screens.session_pane import SessionPane
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.domain.tasks import TaskKey


class ActsOnSession(ActsForOwner):
    """Binds the keys of what changes a session, and of what its detail leads to.

    The last base of a screen, since Textual takes styles from the first.
    """

    MEANS_CHOSEN = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "swap", "Swap", id="session.swap", tooltip="Swap two nodes"),
        Binding("e", "edit", "Change", id="session.change", tooltip="Change the session"),
        Binding("x", "deactivate", "Close", show=False, id="session.close", tooltip="Close it for good"),
        Binding(
            "Y", "copy_whole", "Copy all", show=False, id="session.copy_whole", tooltip="Copy it as JSON"
        ),
    ]

    def action_swap(self) -> None:
        """Open the form that swaps nodes."""
        from cortensor_tui.dashboard.screens.swap import SwapScreen

        session_id = self.chosen_session()
        if self.dashboard.view is not None and session_id is not None:
            self.app.push_screen(SwapScreen(session_id))

    def action_edit(self) -> None:
        """Open the form that changes the session."""
        from cortensor_tui.dashboard.screens.change_session import ChangeSessionScreen

        session_id = self.chosen_session()
        if self.dashboard.view is not None and session_id is not None:
            self.app.push_screen(ChangeSessionScreen(session_id))

    def action_deactivate(self) -> None:
        """Open the confirmation that closes the session."""
        from cortensor_tui.dashboard.screens.close_session import CloseSessionScreen

        session_id = self.chosen_session()
        if self.dashboard.view is not None and session_id is not None:
            self.app.push_screen(CloseSessionScreen(session_id))

    def action_copy_whole(self) -> None:
        """Copy the session, every field of it, as JSON."""
        view, session_id = self.dashboard.view, self.chosen_session()
        found = view.session(session_id) if view is not None and session_id is not None else None
        if found is None:
            self.notify("Nothing to copy here.", markup=False, timeout=2)
            return
        facts = self.query_one(SessionPane).facts
        is_same = facts is not None and facts.view.session.session_id == session_id
        text = session_json(found, facts.reading if facts is not None and is_same else None)
        self.app.copy_to_clipboard(text)
        self.notify(f"{len(text):,} characters", title=f"Copied session {session_id} as JSON", timeout=3)

    def _open_router(self, address: str) -> None:
        from cortensor_tui.dashboard.screens.router import RouterScreen

        session_id = self.chosen_session()
        if self.dashboard.view is not None and session_id is not None:
            facts = self.query_one(SessionPane).facts
            reading = facts.reading if facts is not None else None
            routers = reading.routers if reading is not None else ()
            listed = next((one for one in routers if one.address == address), None)
            self.app.push_screen(RouterScreen(session_id, listed))

    def _open_hand_over(self) -> None:
        from cortensor_tui.dashboard.screens.hand_over import HandOverScreen

        session_id = self.chosen_session()
        if self.dashboard.view is not None and session_id is not None:
            self.app.push_screen(HandOverScreen(session_id))

    @on(EntryList.Opened)
    def _on_entry_opened(self, event: EntryList.Opened) -> None:
        if event.opens == OPENS_OLDER:
            self.query_one(SessionPane).read_older()
        elif event.opens == OPENS_TASKS:
            self.app.run_worker(self._show_tasks(self.chosen_session()), group="tasks", exclusive=True)
        elif event.opens == OPENS_HAND_OVER:
            self._open_hand_over()
        elif event.opens.startswith(OPENS_ROUTER):
            self._open_router(event.opens.removeprefix(OPENS_ROUTER))
        else:
            self._open_task(event.opens.partition(":")[2])

    async def _show_tasks(self, session_id: int | None) -> None:
        """Go to the tasks, filtered by this session."""
        await self.app.switch_mode("tasks")
        self.app.screen.query_one(FilterLine).set_text(f"session:{session_id}")

    def _open_task(self, key: str) -> None:
        session_id, _, task_id = key.partition("/")
        self.dashboard.open_task(TaskKey(int(session_id), int(task_id)))
