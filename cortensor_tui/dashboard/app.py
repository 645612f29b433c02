"""The dashboard application: keys, feed, themes, and a clean way out."""

from __future__ import annotations

import shlex
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from cortensor_tui.dashboard import key_file
from cortensor_tui.dashboard.appearance import Appearance
from cortensor_tui.dashboard.events import BoardMoved, FeedMoved
from cortensor_tui.dashboard.feed import Connect, Feed, FeedState
from cortensor_tui.dashboard.last_guard import InertFilter
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.palette import key_commands
from cortensor_tui.dashboard.places import FIRST, PLACES
from cortensor_tui.dashboard.plain_terminals import in_ascii
from cortensor_tui.dashboard.present.private import HIDDEN, PrivateTexts
from cortensor_tui.dashboard.quitting import DETACH, STOP, farewell
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.setup import Outcome, Setup
from cortensor_tui.dashboard.startup import StartupBoard
from cortensor_tui.dashboard.terminal_title import TerminalTitle, title_of
from cortensor_tui.dashboard.toasts import Toasts
from cortensor_tui.domain.inert import inert, inert_lines
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.messages import ReplyBody, RequestBody, Reveal, Stop

if TYPE_CHECKING:
    from cortensor_tui.dashboard.state import NodeView

StartNode = Callable[[], Awaitable[None]]

STOPPING = "The node stops after what it is sending now."
LEFT_RUNNING = "The node keeps running. Come back with: cortensor-tui --env"


MOST_COPIED_CHARS = 65_536
_MOST_TOLD_CHARS = 600


class Dashboard(App[None]):
    """Shows one node. It holds no state worth losing: closing it loses nothing.

    `connect` returns a fresh connection to the node or raises `ProblemError`; `start_node` starts one where
    none runs. `owns_node` says that the node ends with the dashboard, as in the demo. `board` tells the
    steps of starting. With `run_seconds` the dashboard ends by itself so long after its first screen.
    """

    TITLE = "Cortensor"
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {place.name: place.load for place in PLACES}
    DEFAULT_MODE = FIRST.name
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False, id="app.copy", tooltip="Copy the hash or id"),
        Binding("p", "reveal", "Private", show=False, id="app.reveal", tooltip="Show, hide private text"),
        Binding("r,f5", "reconnect", "Refresh", show=False, id="app.refresh", tooltip="Fetch all anew"),
        Binding(
            "o", "start_node", "Start node", show=False, id="app.start_node", tooltip="Start a node here"
        ),
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

    def __init__(
        self,
        connect: Connect,
        *,
        theme: str | None = None,
        options: Options | None = None,
        start_node: StartNode | None = None,
        owns_node: bool = False,
        board: StartupBoard | None = None,
        run_seconds: float | None = None,
        now: Callable[[], float] = time.time,
        make_setup: Callable[[], Setup] | None = None,
        begins_with_setup: bool = False,
    ) -> None:
        chosen = options or Options()
        self.appearance = Appearance(msgspec.structs.replace(chosen, theme=theme or chosen.theme))
        super().__init__()
        # Before anything is parsed: a later theme has every rule parsed and every widget styled anew.
        self._theme_faults = self.appearance.take(self)
        self.stylesheet.set_variables(self.get_css_variables())
        self.options = chosen
        self.outcome: Outcome | None = None
        self._make_setup = make_setup
        self._setup: Setup | None = None
        self._begins_with_setup = begins_with_setup
        self.now = now
        self.board = board
        self.owns_node = owns_node
        self._start_node = start_node
        self._run_seconds = run_seconds
        self._toasts = Toasts(self)
        self._title = TerminalTitle(self._write_to_terminal) if chosen.has_title else None
        self._guard = InertFilter()
        self._on_ready: Callable[[], None] | None = None
        self._feed = Feed(connect, lambda state: self._post_quietly(FeedMoved(state)), now)

    @property
    def feed_state(self) -> FeedState:
        """Return the newest state of the feed."""
        return self._feed.state

    @property
    def view(self) -> NodeView | None:
        """Return what the node last said, also after the dashboard has ended."""
        return self._feed.state.view

    @property
    def setup(self) -> Setup | None:
        """Return what sets up nodes; it is made when it is first wanted, since that loads much."""
        if self._setup is None and self._make_setup is not None:
            self._setup = self._make_setup()
        return self._setup

    def leave_for(self, outcome: Outcome) -> None:
        """End the dashboard with what it is to be opened on next."""
        self.outcome = outcome
        self.exit()

    @property
    def can_start_node(self) -> bool:
        """Tell whether a node can be started from here."""
        return self._start_node is not None

    async def request(self, body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        """Ask the node. Raises `ProblemError`."""
        return await self._feed.request(body, timeout_s)

    def go_to(self, name: str) -> None:
        """Show a place by its name in `PLACES`; what lies over the present one waits there."""
        self.switch_mode(name)

    def on_ready_call(self, act: Callable[[], None]) -> None:
        """Call `act` in the app's loop once it runs."""
        self._on_ready = act

    # --- life ------------------------------------------------------------------------------------

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own roles a value in themes that do not know them."""
        return {"muted": "#8a8f98", "rule": "#4a4f57", "cursor": "#2f4f6f"}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters and those for terminals that show less."""
        own = self.appearance.filters(list(super().get_line_filters()), has_color=not self.no_color)
        return [self._guard, *own]

    def on_mount(self) -> None:
        """Take the keys, start the feed and the clock."""
        self._warn("Themes", self._theme_faults)
        self._take_keys()
        if self.options.is_ascii:
            self.add_class("-ascii")
        if self.board is not None:
            self.board.listen(lambda: self._post_quietly(BoardMoved()))
        self.run_worker(self._feed.run(), name="feed", group="feed", exclusive=True)
        self.set_interval(1.0, self._tick)
        self.app_suspend_signal.subscribe(self, lambda _: self._restore_title(), immediate=True)
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        if self._run_seconds is not None:
            self.set_timer(self._run_seconds, self.leave)

    def on_ready(self) -> None:
        """Do what was asked for this moment."""
        if self._on_ready is not None:
            self._on_ready()

    def on_unmount(self) -> None:
        """Stop listening: what starts things may outlive the screen."""
        if self.board is not None:
            self.board.listen(None)
        self._restore_title()

    def on_feed_moved(self, message: FeedMoved) -> None:
        """Hand the newest state to the screen on top, and tell what needs the operator."""
        self._toasts.take(message.state, self.now())
        if (screen := self._watching) is not None:
            screen.offer(message.state)

    def on_board_moved(self, message: BoardMoved) -> None:
        """Show the steps."""
        if (screen := self._watching) is not None:
            screen.offer(self.feed_state)

    def notify(  # the one way to a toast, whoever's words they are
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast; its words are shown as they are and never read as markup."""
        shown = "\n".join(inert_lines(message, _MOST_TOLD_CHARS))
        super().notify(
            shown, title=inert(title, _MOST_TOLD_CHARS), severity=severity, timeout=timeout, markup=False
        )

    def tell(self, problem: Problem) -> None:
        """Show what went wrong with something the user just did."""
        self.notify(
            f"{problem.why}\n{problem.remedy}".strip(), title=problem.what, severity="error", markup=False
        )

    def _warn(self, title: str, faults: Sequence[str]) -> None:
        """Show what is wrong with a file of the user's; the list of notices keeps it."""
        if faults:
            self.notify("\n".join(faults), title=title, severity="warning", markup=False, timeout=15)

    def _tick(self) -> None:
        if self._title is not None:
            self._title.show(self._in_terminal(title_of(self.feed_state)), self.now())
        if (screen := self._watching) is not None and screen.is_whole:
            screen.tick()

    @property
    def _watching(self) -> Watching | None:
        """Return the screen on top if it is one of ours; none is left while the app ends."""
        stack = self.screen_stack
        return stack[-1] if stack and isinstance(stack[-1], Watching) else None

    def _post_quietly(self, message: Message) -> None:
        if self.is_running:
            self.post_message(message)

    def _take_keys(self) -> None:
        folder = self.options.folder
        if folder is None or not (folder / key_file.FILE_NAME).exists():
            return
        from cortensor_tui.dashboard.key_catalogue import all_bindings

        choice = key_file.load_keys(folder / key_file.FILE_NAME, all_bindings(type(self)))
        self.set_keymap(choice.keymap)
        self.call_after_refresh(self.refresh_bindings)
        self._warn("Keys", choice.faults)

    def _in_terminal(self, text: str) -> str:
        return in_ascii(text) if self.options.is_ascii else text

    def _write_to_terminal(self, text: str) -> None:
        if self._driver is not None:
            self._driver.write(text)

    def _restore_title(self) -> None:
        if self._title is not None:
            self._title.restore()

    # --- what the keys do ------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave, after a question where something hangs on it."""
        asked = farewell(self.view, owns_node=self.owns_node)
        if asked is None or isinstance(self.screen, AskScreen):
            self.leave()
        else:
            self.push_screen(AskScreen(asked.title, asked.question, asked.answers), self._on_farewell)

    def _on_farewell(self, answer: str | None) -> None:
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
            self.exit(message=f"{LEFT_RUNNING} {shlex.quote(inert(self.view.status.settings_path))}")

    def action_redraw(self) -> None:
        """Draw the whole screen anew, where something else has written on it."""
        self._write_to_terminal("\x1b[2J")
        self.refresh(layout=True)

    def action_notices(self) -> None:
        """Show the list of what needed the operator."""
        from cortensor_tui.dashboard.screens.notices import NoticesScreen

        self.push_screen(NoticesScreen(lambda: self._toasts.kept))

    def action_change_theme(self) -> None:
        """Choose a theme, seen while choosing."""
        from cortensor_tui.dashboard.screens.theme import ThemeScreen

        self.push_screen(ThemeScreen(self.appearance.names, self.appearance.keep))

    def action_help_quit(self) -> None:
        """Answer ctrl+c, which in other programs would end something."""
        ends = "ends the demo" if self.owns_node else "closes the dashboard; the node goes on"
        self.notify(f"q {ends}.", title="ctrl+c does not quit", markup=False)

    def action_reconnect(self) -> None:
        """Fetch a fresh snapshot, over a fresh connection."""
        self._feed.reconnect()
        self.notify("Fetching everything anew.", markup=False, timeout=2)

    def action_copy(self) -> None:
        """Copy what the cursor is on, by OSC 52, which works over SSH."""
        screen = self._watching
        found = screen.copy_text() if screen is not None else None
        if found is None:
            self.notify("Nothing to copy here.", markup=False, timeout=2)
            return
        text, what = found
        if text == HIDDEN:
            self.notify("It is hidden: p shows it. Nothing was copied.", markup=False, timeout=3)
            return
        self.copy_to_clipboard("\n".join(inert_lines(text, MOST_COPIED_CHARS)))
        self.notify(inert(text, 200), title=f"Copied the {what}", markup=False, timeout=3)

    def action_reveal(self) -> None:
        """Show the private texts in sight, or hide them again."""
        screen = self._watching
        texts = screen.private_texts() if screen is not None else None
        if texts is None:
            self.notify("Nothing private is in sight.", markup=False, timeout=2)
            return
        self.run_worker(self._reveal(texts), group="reveal", exclusive=True)

    async def _reveal(self, texts: PrivateTexts) -> None:
        try:
            await self.request(Reveal(session_id=texts.session_id, is_hidden=not texts.is_hidden))
        except ProblemError as error:
            self.tell(error.problem)
            return
        done = "shown; the node's log says so" if texts.is_hidden else "hidden"
        self.notify(f"The texts of session {texts.session_id} are {done}.", markup=False, timeout=3)

    def action_help(self) -> None:
        """Show all keys."""
        from cortensor_tui.dashboard.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_start_node(self) -> None:
        """Start a node where none runs."""
        if self._start_node is None or self.view is not None:
            return
        self.run_worker(self._start(self._start_node), group="start", exclusive=True)

    async def _start(self, start_node: StartNode) -> None:
        try:
            await start_node()
        except ProblemError as error:
            self.tell(error.problem)
        self._feed.reconnect()

    async def stop_node(self) -> bool:
        """Ask the node to stop, which palette and farewell offer; tell whether it agreed."""
        try:
            await self.request(Stop())
        except ProblemError as error:
            self.tell(error.problem)
            return False
        self.notify(STOPPING, markup=False)
        return True

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer in the palette what the keys of this screen do, and what has no key."""
        yield from key_commands(screen)
        if self.view is not None and not self.owns_node:
            yield SystemCommand(
                "Stop the node", "Ask the node to stop; it answers no more tasks", self.stop_node
            )
        yield SystemCommand("Theme", "Choose other colors", self.action_change_theme)
        yield SystemCommand("Quit", "Close the dashboard", self.action_quit)
