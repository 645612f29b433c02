"""What the owner's key signs wherever one is: binding and unbinding a node, a new session, a prompt."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.screens.base import Watching


class ActsForOwner(Watching):
    """Opens the forms that begin with the session at hand, where there is one."""

    MEANS_CHOSEN: ClassVar[bool] = False
    """Whether the session at hand is what is meant, and not only a hint where another fits better."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "assign", "Assign", id="app.assign", tooltip="Bind a node"),
        Binding("u", "unassign", "Unbind", id="app.unassign", tooltip="Unbind a node"),
        Binding("n", "new_session", "New session", id="app.new_session", tooltip="Create a session"),
        Binding("s", "submit", "Prompt", id="app.submit", tooltip="Submit a prompt"),
    ]

    def chosen_session(self) -> int | None:
        """Return the session at hand, with which forms begin."""
        return None

    def has_view(self) -> bool:
        """Tell whether a node has told of itself, and say so where none has."""
        if self.dashboard.view is None:
            self.notify("Not connected to a node yet.", markup=False, timeout=3)
        return self.dashboard.view is not None

    def can_submit(self) -> bool:
        """Tell whether a prompt may be submitted, and say why not: before anyone has written one."""
        view = self.dashboard.view
        if view is not None and view.status.is_watching:
            self.notify("This node only watches and has no key: nothing can be submitted from it.")
            return False
        return True

    def action_assign(self) -> None:
        """Open the form that binds a node."""
        self._open_assignment(is_unbinding=False)

    def action_unassign(self) -> None:
        """Open the form that unbinds a node."""
        self._open_assignment(is_unbinding=True)

    def action_new_session(self) -> None:
        """Open the form for a session."""
        from cortensor_tui.dashboard.screens.new_session import NewSessionScreen

        if self.has_view():
            self.app.push_screen(NewSessionScreen())

    def action_submit(self) -> None:
        """Open the form for a prompt."""
        from cortensor_tui.dashboard.screens.submit import SubmitScreen

        if self.has_view() and self.can_submit():
            self.app.push_screen(SubmitScreen(session_id=self.chosen_session()))

    def _open_assignment(self, *, is_unbinding: bool) -> None:
        from cortensor_tui.dashboard.screens.assign import AssignScreen

        if self.has_view():
            session_id = self.chosen_session()
            is_exact = self.MEANS_CHOSEN and session_id is not None
            screen = AssignScreen(is_unbinding=is_unbinding, session_id=session_id, is_exact=is_exact)
            self.app.push_screen(screen)
