"""What every screen of the dashboard offers its app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen

from cortensor_tui.dashboard.active_keys import key_of
from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.exact_update import ExactCompositor
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.private import PrivateTexts
from cortensor_tui.dashboard.present.toast import toast_line
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError

if TYPE_CHECKING:
    from cortensor_tui.dashboard.history import Ask
    from cortensor_tui.dashboard.widgets.paged_table import PagedTable
    from cortensor_tui.node.messages import RequestBody

_MOST_TITLE_CHARS = 100
Result = TypeVar("Result")


class Watching(Screen[Any]):
    """A screen that is told of every new state of the feed and of every second that passes."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name, id, classes)
        self._compositor = ExactCompositor()

    @property
    def dashboard(self) -> Desk:
        """Return the application as screens may use it."""
        return cast(Desk, self.app)

    def take(self, state: FeedState) -> None:
        """Show a new state. Comes to the screen on top only, and on its return to the top."""

    def tick(self) -> None:
        """Let ages move on. Called once a second while on top."""
        for widget in self.query(LineView):
            widget.redraw()

    def verdict_line(self, width: int) -> Line:
        """Return the one line that stays in sight whatever is opened over this screen."""
        return ()

    def on_descendant_blur(self) -> None:
        """Give the focus on where what had it was hidden, so that the next letters do not act as keys."""
        if self.focused is None and self.is_current and self.app.app_focus:
            self.focus_next()

    def show_toast(self) -> None:
        """Show the toast that stands, or that none does any more. Called while on top."""

    def on_paged_table_wanted(self, event: PagedTable.Wanted) -> None:
        """Fetch a page for a table."""
        group = f"pages of {event.table.id}"
        self.run_worker(self._fetch_page(event.table, event.ask, event.body), group=group, exclusive=True)

    async def _fetch_page(self, table: PagedTable, ask: Ask, body: RequestBody) -> None:
        try:
            table.take_page(ask, await self.dashboard.request(body))
        except ProblemError as error:
            table.fail_page(ask, error.problem)

    def copy_text(self) -> tuple[str, str] | None:
        """Return what `y` copies and what that is called, None where there is nothing."""
        return None

    @property
    def is_whole(self) -> bool:
        """Tell whether all parts are there: not while the screen is built, nor while it is taken down."""
        return self.is_mounted and self.is_attached and self.display

    def offers(self, action: str) -> bool:
        """Tell whether the line of keys names an action: not where it could do nothing."""
        return True

    @property
    def says_remedy(self) -> bool:
        """Tell whether what keeps the node from serving is in sight in full, so that no toast need say it."""
        return False

    @property
    def has_typed(self) -> bool:
        """Tell whether something was typed here that leaving the dashboard would lose."""
        return False

    def private_texts(self) -> PrivateTexts | None:
        """Return the private session whose texts are in sight, None where nothing private is."""
        return None

    def offer(self, state: FeedState) -> None:
        """Show a new state, unless the screen is still being built; then it shows the newest itself."""
        if self.is_whole:
            self.take(state)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was on top."""
        self.offer(self.dashboard.feed_state)
        if self.is_whole:
            self.show_toast()


class UnderVerdict(Watching):
    """A screen over a place that leaves its top line to the verdict, and keeps that up to date."""

    def make_verdict(self) -> TextLines:
        """Return the widget of that line; where it stands is up to the screen's own style."""
        return TextLines(self._verdict, id="verdict")

    def move_ages(self) -> None:
        """Let what else is shown move on, once a second while on top."""

    def offer(self, state: FeedState) -> None:
        """Show a new state, its verdict too."""
        super().offer(state)
        self._show_verdict()

    def tick(self) -> None:
        """Move the verdict and the ages on."""
        self._show_verdict()
        self.move_ages()

    def _show_verdict(self) -> None:
        for shown in self.query("#verdict").results(TextLines):
            shown.redraw()

    def _verdict(self, width: int) -> list[Line]:
        below = self.app.screen_stack[0]
        return [below.verdict_line(width) if isinstance(below, Watching) else ()]


class Panel(ModalScreen[Result], UnderVerdict, Generic[Result]):
    """A box over a place, under the verdict. `esc` leaves it, and `q`, but where it is typed."""

    DEFAULT_CSS = """
    Panel {
        align: center middle;
        background: $background 60%;
        layers: default toast;
        & > #verdict { dock: top; }
        & > #toast { layer: toast; dock: bottom; height: 1; background: $panel; display: none; }
        & > #panel {
            width: 96%;
            max-width: 84;
            height: auto;
            max-height: 100%;
            overflow-y: auto;
            background: $surface;
            border: round $rule;
            border-title-color: $accent;
            border-title-style: bold;
            border-subtitle-color: $muted;
            padding: 0 1;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="panel.back", tooltip="Close this and go back"),
        Binding("q", "leave", "Back", show=False, id="app.quit", tooltip="Close this and go back"),
        # The app's own keys do not work over a box; of these it would be missed. What quits leaves the box.
        Binding("question_mark,f1", "app.help", "Help", id="app.help", tooltip="All keys"),
        Binding("exclamation_mark", "app.notices", "Notices", id="app.notices", tooltip="What needed you"),
        Binding("ctrl+l", "app.redraw", "Redraw", id="app.redraw", tooltip="Draw all anew"),
        Binding("ctrl+z", "app.suspend_process", "Suspend", id="app.suspend", tooltip="To the shell"),
        Binding(
            "pagedown", "scroll_panel(1)", "Down", show=False, id="panel.page_down", tooltip="Further down"
        ),
        Binding("pageup", "scroll_panel(-1)", "Up", show=False, id="panel.page_up", tooltip="Further up"),
    ]
    PANEL_TITLE = ""
    PANEL_HINT = "esc back"
    _is_left = False

    def compose(self) -> ComposeResult:
        """Put the content in a titled box, and leave the top line to the verdict."""
        yield self.make_verdict()
        with Vertical(id="panel") as panel:
            panel.border_title = Content(inert(self.PANEL_TITLE, _MOST_TITLE_CHARS))  # never read as markup
            panel.border_subtitle = self.PANEL_HINT
            yield from self.compose_panel()
        yield TextLines(self._toast, id="toast")

    def compose_panel(self) -> ComposeResult:
        """Yield what is in the box."""
        raise NotImplementedError

    def move_ages(self) -> None:
        """Let ages in the box move on."""
        for widget in self.query("#panel LineView").results(LineView):
            widget.redraw()

    @property
    def is_open(self) -> bool:
        """Tell whether this is not closed yet; a timer may still ring for a box that is being taken down."""
        return self.display and not self._is_left  # Textual takes `display` away as it removes a screen

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close, and end what is awaited for it: its answer would find nothing left to be shown in."""
        self._is_left = True
        self.workers.cancel_node(self)
        return super().dismiss(result)

    def show_toast(self) -> None:
        """Show it at the foot of the screen, where a box has no more than its border."""
        foot = self.query_one("#toast", TextLines)
        is_wanted = self.dashboard.toasts.shown is not None
        if foot.display != is_wanted:
            foot.display = is_wanted
        foot.redraw()

    def action_scroll_panel(self, pages: int) -> None:
        """Show what the box has no room for; where the focus is in a list, that takes the key first."""
        panel = self.query_one("#panel")
        panel.scroll_relative(y=pages * max(1, panel.size.height - 1), animate=False)

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    def _toast(self, width: int) -> list[Line]:
        toasts = self.dashboard.toasts
        if toasts.shown is None:
            return []
        return [toast_line(toasts.shown, toasts.others, key_of(self, "app.notices"), width)]
