"""The dashboard application: what it is made of, and its life from the first state to the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen

from cortensor_tui.dashboard.appearance import Appearance
from cortensor_tui.dashboard.events import BoardMoved, FeedMoved
from cortensor_tui.dashboard.feed import Connect, Feed, Link
from cortensor_tui.dashboard.key_actions import KeyActions, StartNode
from cortensor_tui.dashboard.last_guard import InertFilter
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.own_files import THEMES
from cortensor_tui.dashboard.places import FIRST, PLACES
from cortensor_tui.dashboard.plain_terminals import in_ascii
from cortensor_tui.dashboard.present.pulse import Pulse
from cortensor_tui.dashboard.quiet_input import QuietDriver
from cortensor_tui.dashboard.screens.start import StartScreen
from cortensor_tui.dashboard.startup import StartupBoard
from cortensor_tui.dashboard.steady_stylesheet import SteadyStylesheet
from cortensor_tui.dashboard.terminal_title import TerminalTitle, title_of

if TYPE_CHECKING:
    from cortensor_tui.dashboard.setup import Outcome, Setup

_START = "start"
_ANSWER_GRACE_S = 180.0
_ANSWER_LOOK_S = 0.5


class Dashboard(KeyActions):
    """Shows one node. It holds no state worth losing: closing it loses nothing.

    `connect` returns a fresh connection to the node or raises `ProblemError`; `start_node` starts one where
    none runs. `owns_node` says that the node ends with the dashboard, as in the demo. `board` tells the
    steps of starting. With `run_seconds` the dashboard ends by itself so long after its first screen, once a
    task is answered: a slow machine may not have got to one by then, and is given three minutes more.
    """

    TITLE = "Cortensor"
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        _START: StartScreen,
        **{place.name: place.load for place in PLACES},
    }
    DEFAULT_MODE = _START
    ENABLE_COMMAND_PALETTE = True

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
        self.stylesheet = SteadyStylesheet(variables=self.get_css_variables())
        self.options = chosen
        self.outcome: Outcome | None = None
        self._make_setup = make_setup
        self._setup: Setup | None = None
        self._begins_with_setup = begins_with_setup
        self.now = now
        self.board = board
        self.owns_node = owns_node
        self.last_words = ""
        """What is written to the terminal after the end, as it is: Textual's own would break a command."""
        self._start_node = start_node
        self._run_seconds = run_seconds
        self.pulse = Pulse()
        self._title = TerminalTitle(self._write_to_terminal) if chosen.has_title else None
        self._guard = InertFilter()
        self._on_ready: Callable[[], None] | None = None
        self._feed = Feed(connect, lambda state: self._post_quietly(FeedMoved(state)), now)

    @property
    def setup(self) -> Setup | None:
        """Return what sets up nodes; it is made when it is first wanted, since that loads much."""
        if self._setup is None and self._make_setup is not None:
            self._setup = self._make_setup()
        return self._setup

    @property
    def export_folder(self) -> Path | None:
        """Return where lists are written to, None where they cannot be."""
        return self.options.exports

    def leave_for(self, outcome: Outcome) -> None:
        """End the dashboard with what it is to be opened on next."""
        self.outcome = outcome
        self.exit()

    @property
    def can_start_node(self) -> bool:
        """Tell whether a node can be started from here."""
        return self._start_node is not None

    @property
    def is_starting(self) -> bool:
        """Tell whether a node that is not there yet is being started."""
        is_there = self.feed_state.link is Link.LIVE
        return not is_there and self.board is not None and self.board.is_starting

    def go_to(self, name: str) -> None:
        """Show a place by its name in `PLACES`; what lies over the present one waits there."""
        self.switch_mode(name)

    def on_ready_call(self, act: Callable[[], None]) -> None:
        """Call `act` in the app's loop once it runs."""
        self._on_ready = act

    # --- life ------------------------------------------------------------------------------------

    def get_driver_class(self) -> type[Driver]:
        """Return what reads and writes the terminal: Textual's choice, on Unix one that costs less."""
        chosen = super().get_driver_class()
        return QuietDriver if chosen is LinuxDriver else chosen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own roles a value in themes that do not know them."""
        return {"muted": "#8a8f98", "rule": "#4a4f57", "cursor": "#2f4f6f"}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters and those for terminals that show less."""
        has_256 = self.console.color_system == "256"
        filters = list(super().get_line_filters())
        own = self.appearance.filters(filters, has_color=not self.no_color, has_256=has_256)
        return [self._guard, *own]

    def on_mount(self) -> None:
        """Take the keys, start the feed and the clock."""
        self.heed_faults(THEMES, self._theme_faults)
        self.take_keys()
        if self.options.is_ascii:
            self.add_class("-ascii")
        if self.board is not None:
            self.board.listen(lambda: self._post_quietly(BoardMoved()))
        self.call_after_refresh(self._open)
        self.set_interval(1.0, self._tick)
        self.app_suspend_signal.subscribe(self, lambda _: self._restore_title(), immediate=True)
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        if self._run_seconds is not None:
            self.set_timer(self._run_seconds, self._leave_once_answered)

    def _leave_once_answered(self, waited_s: float = 0.0) -> None:
        """Leave with a task answered, or where none is to be waited for."""
        is_answered = self.view is not None and bool(self.view.status.answered_tasks)
        if is_answered or self._has_ended or waited_s >= _ANSWER_GRACE_S:
            self.leave()
        else:
            self.set_timer(_ANSWER_LOOK_S, lambda: self._leave_once_answered(waited_s + _ANSWER_LOOK_S))

    def _open(self) -> None:
        """Open the first place and follow the node, now that the first screen is seen."""
        if self.current_mode == _START:
            self.go_to("setup" if self._begins_with_setup else FIRST.name)
        self.run_worker(self._feed.run(), name="feed", group="feed", exclusive=True)

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
        self.pulse.see(message.state, self.now())
        self.heed(message.state)
        if message.state.view is not None:
            self.appearance.follow(self, message.state.view.status.theme)
        if (screen := self._watching) is not None:
            screen.offer(message.state)

    def on_board_moved(self, message: BoardMoved) -> None:
        """Show the steps; once they are done the node is there, whenever it was to be looked for again."""
        is_done = self.is_starting and self.board is not None and not self.board.is_running
        if is_done and self.feed_state.link is Link.UNREACHABLE:
            self._feed.reconnect()
        if self._has_ended:  # to connect again tells so, instead of what a node that is missed is told of
            self._feed.reconnect()
        if (screen := self._watching) is not None:
            screen.offer(self.feed_state)

    def _tick(self) -> None:
        self.pulse.see(self.feed_state, self.now())
        if self._title is not None:
            title = title_of(self.feed_state, self.now(), is_starting=self.is_starting)
            self._title.show(self._in_terminal(title), self.now())
        if (screen := self._watching) is not None and screen.is_whole:
            screen.tick()

    def _post_quietly(self, message: Message) -> None:
        if self.is_running:
            self.post_message(message)

    def _in_terminal(self, text: str) -> str:
        return in_ascii(text) if self.options.is_ascii else text

    def _restore_title(self) -> None:
        if self._title is not None:
            self._title.restore()
