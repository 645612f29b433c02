"""What the app's own keys do, wherever one is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from cortensor_tui.dashboard.feed import Feed, FeedState, Link
from cortensor_tui.dashboard.own_files import OwnFiles
from cortensor_tui.dashboard.present.private import HIDDEN, PrivateTexts
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.stops import MOST_COPIED_CHARS
from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.inert import inert, inert_lines
from cortensor_tui.domain.problems import ProblemError

if TYPE_CHECKING:
    from textual.command import Provider

    from cortensor_tui.dashboard.palette import Command
    from cortensor_tui.dashboard.startup import StartupBoard
    from cortensor_tui.dashboard.state import NodeView
    from cortensor_tui.domain.tasks import TaskKey
    from cortensor_tui.domain.transactions import Transaction
    from cortensor_tui.node.messages import ReplyBody, RequestBody

StartNode = Callable[[], Awaitable[None]]

STOPPING = "The node stops after what it is sending now."
ENDED = "The demo has ended. q leaves."
LEFT_RUNNING = "The node keeps running. Come back with:"


def _palette_provider() -> type[Provider]:
    from cortensor_tui.dashboard.palette_provider import PaletteProvider

    return PaletteProvider


class KeyActions(OwnFiles):
    """The keys of the app and what they do with the node; whoever builds it sets what is named here."""

    owns_node: bool
    board: StartupBoard | None
    last_words: str
    _feed: Feed
    _start_node: StartNode | None

    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette_provider}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False, id="app.copy", tooltip="Copy the hash or id"),
        Binding("p", "reveal", "Private", show=False, id="app.reveal", tooltip="Show private text"),
        Binding("r,f5", "reconnect", "Refresh", show=False, id="app.refresh", tooltip="Fetch all anew"),
        Binding("o", "start_node", "Start node", id="app.start_node", tooltip="Start a node here"),
        Binding("question_mark,f1", "help", "Help", id="app.help", tooltip="All keys"),
        Binding(
            "ctrl+p",
            "command_palette",
            "Palette",
            show=False,
            priority=True,
            id="app.palette",
            tooltip="All commands",
        ),
        Binding("colon", "command_palette", "Palette", show=False, id="app.colon", tooltip="The same"),
        Binding(
            "exclamation_mark",
            "notices",
            "Notices",
            show=False,
            id="app.notices",
            tooltip="What needed you",
        ),
        Binding("ctrl+l", "redraw", "Redraw", show=False, id="app.redraw", tooltip="Draw all anew"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, id="app.suspend", tooltip="To the shell"),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Leave the dashboard"),
    ]

    @property
    def feed_state(self) -> FeedState:
        """Return the newest state of the feed."""
        return self._feed.state

    @property
    def view(self) -> NodeView | None:
        """Return what the node last said, also after the dashboard has ended."""
        return self._feed.state.view

    async def request(self, body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        """Ask the node. Raises `ProblemError`."""
        return await self._feed.request(body, timeout_s)

    @property
    def _has_ended(self) -> bool:
        """Tell whether the demo has ended, or could not begin: leaving ends nothing more."""
        return self.owns_node and self.board is not None and self.board.problem is not None

    def _write_to_terminal(self, text: str) -> None:
        if self._driver is not None:
            self._driver.write(text)

    async def action_quit(self) -> None:
        """Leave, after a question where something hangs on it."""
        from cortensor_tui.dashboard.quitting import farewell
        from cortensor_tui.dashboard.screens.ask import AskScreen

        has_typed = (screen := self._watching) is not None and screen.has_typed
        asked = farewell(self.view, owns_node=self.owns_node, has_typed=has_typed)
        if self._has_ended or asked is None or isinstance(self.screen, AskScreen):
            self.leave()
        else:
            self.push_screen(AskScreen(asked.title, asked.question, asked.answers), self._on_farewell)

    def _on_farewell(self, answer: str | None) -> None:
        from cortensor_tui.dashboard.quitting import DETACH, STOP

        if answer == STOP:
            self.run_worker(self._stop_and_leave(), group="stop", exclusive=True)
        elif answer == DETACH:
            self.leave()

    async def _stop_and_leave(self) -> None:
        if await self.stop_node():
            self.exit(message=STOPPING)

    def leave(self) -> None:
        """End. A node of its own goes on; the demo's ends with it."""
        if self.owns_node or self.view is None:
            self.exit()
        else:
            self.last_words = f"{LEFT_RUNNING}\n{command_for(Path(self.view.status.settings_path))}\n"
            self.exit()

    def action_redraw(self) -> None:
        """Draw the whole screen anew, where something else has written on it."""
        self._write_to_terminal("\x1b[2J")
        self.refresh(layout=True)

    def action_command_palette(self) -> None:
        """Offer everything that can be done now, by name."""
        from textual.command import CommandPalette

        from cortensor_tui.dashboard.screens.commands import Palette

        if not CommandPalette.is_open(self):  # type: ignore[arg-type]  # it says App[object] and means any
            self.push_screen(Palette(id="--command-palette"))

    def action_notices(self) -> None:
        """Show the list of what needed the operator."""
        from cortensor_tui.dashboard.screens.notices import NoticesScreen

        self.push_screen(NoticesScreen(lambda: self.attention.kept))

    def action_help_quit(self) -> None:
        """Answer ctrl+c, which in other programs would end something."""
        ends = "ends the demo" if self.owns_node else "closes the dashboard; the node goes on"
        self.notify(f"q {ends}.", title="ctrl+c does not quit", markup=False)

    def action_reconnect(self) -> None:
        """Fetch a fresh snapshot, over a fresh connection."""
        self._feed.reconnect()
        is_live = self.feed_state.link is Link.LIVE
        told = "Fetching everything anew." if is_live else "Trying to connect again."
        self.notify(ENDED if self.feed_state.has_demo_ended else told, markup=False, timeout=2)

    def action_copy(self) -> None:
        """Copy what the cursor is on, by OSC 52, which works over SSH."""
        screen = self._watching
        found = screen.copy_text() if screen is not None else None
        if found is None:
            self.notify("Nothing to copy here.", markup=False, timeout=2)
            return
        self.copy(*found)

    def copy(self, text: str, name: str) -> None:
        """Copy a text, made inert, and say so; nothing where it is hidden, empty or too long."""
        if text == HIDDEN:
            self.notify("Hidden: p shows it. Nothing was copied.", markup=False, timeout=3)
        elif not text:
            self.notify(f"There is no {name} yet.", markup=False, timeout=3)
        elif len(text) > MOST_COPIED_CHARS:
            said = f"{len(text):,} characters are too many for the clipboard; enter reads them."
            self.notify(said, title=f"The {name} was not copied", markup=False, timeout=5)
        else:
            self.copy_to_clipboard("\n".join(inert_lines(text, MOST_COPIED_CHARS)))
            self.notify(inert(text, 200), title=f"Copied the {name}", markup=False, timeout=3)

    def action_reveal(self) -> None:
        """Show the private texts in sight, or hide them again."""
        screen = self._watching
        texts = screen.private_texts() if screen is not None else None
        if texts is None:
            self.notify("Nothing private is in sight.", markup=False, timeout=2)
            return
        self.run_worker(self._reveal(texts), group="reveal", exclusive=True)

    async def _reveal(self, texts: PrivateTexts) -> None:
        from cortensor_tui.node.messages import Reveal

        try:
            await self.request(Reveal(session_id=texts.session_id, is_hidden=not texts.is_hidden))
        except ProblemError as error:
            self.tell(error.problem)
            return
        done = "shown; the node's log says so" if texts.is_hidden else "hidden"
        self.notify(f"The texts of session {texts.session_id} are {done}.", markup=False, timeout=3)

    def open_task(self, key: TaskKey) -> None:
        """Show one task in full, over what is there."""
        from cortensor_tui.dashboard.screens.task_panel import TaskPanel

        self.push_screen(TaskPanel(key))

    def open_transaction(self, one: Transaction) -> None:
        """Show one transaction in full, over what is there."""
        from cortensor_tui.dashboard.screens.transaction_panel import TransactionPanel

        self.push_screen(TransactionPanel(one))

    def action_help(self) -> None:
        """Show all keys."""
        from cortensor_tui.dashboard.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen, self.own_keys))

    def action_start_node(self) -> None:
        """Start a node where none runs, also in the place of one that has gone."""
        if self.feed_state.has_demo_ended:
            self.notify(ENDED, markup=False, timeout=3)
        elif self._start_node is None:
            self.notify("No node can be started from here.", markup=False, timeout=3)
        elif self.feed_state.link is Link.LIVE:
            self.notify("A node runs already.", markup=False, timeout=3)
        elif not self.feed_state.is_node_away:
            self.notify("The node is there and does not answer yet.", markup=False, timeout=3)
        else:
            self.run_worker(self._start(self._start_node), group="start", exclusive=True)

    async def _start(self, start_node: StartNode) -> None:
        try:
            await start_node()
        except ProblemError as error:
            self.tell(error.problem)
        self._feed.reconnect()

    async def stop_node(self) -> bool:
        """Ask the node to stop, which palette and farewell offer; tell whether it agreed."""
        from cortensor_tui.node.messages import Stop

        try:
            await self.request(Stop())
        except ProblemError as error:
            self.tell(error.problem)
            return False
        self.notify(STOPPING, markup=False)
        return True

    def palette_commands(self, screen: Screen[Any]) -> Iterator[Command]:
        """Yield what the palette offers: what the keys of a screen can do now, and what has no key."""
        from cortensor_tui.dashboard.palette import Command, key_commands

        yield from (one for one in key_commands(screen) if self._can_do(one.action, screen))
        if self.view is not None and not self.owns_node:
            told = "Ask the node to stop; it answers no more tasks"
            yield Command("Stop the node", told, self.stop_node, "end halt kill shutdown")
        yield Command("Reload keys", "Read keys.toml again", self.action_reload_keys, "bindings keymap")
        yield Command("Theme", "Choose other colors", self.action_change_theme, "appearance dark light look")
        yield Command("Quit", "Close the dashboard", self.action_quit, "detach end exit leave")

    def _can_do(self, action: str, screen: Screen[Any]) -> bool:
        """Tell whether an action would do something now."""
        if not isinstance(screen, Watching):
            return True
        match action.removeprefix("app."):
            case "copy":
                return screen.copy_text() is not None
            case "reveal":
                return screen.private_texts() is not None
            case "start_node":
                return self._start_node is not None and self.feed_state.is_node_away
            case _:
                is_place = action.startswith("go_to")
                return self.current_mode not in action if is_place else screen.offers(action)
