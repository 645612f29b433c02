"""A place: a full screen with the verdict above it and its keys below it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from cortensor_tui.dashboard.active_keys import key_of
from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.places import FIRST, PLACES, place_called
from cortensor_tui.dashboard.present import startup
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.swaps import swap_lines
from cortensor_tui.dashboard.present.verdict import (
    LEAST_TOLD,
    NodeStart,
    stacked_lines,
    verdict_lines,
    word_alone,
)
from cortensor_tui.dashboard.screens.owner_acts import ActsForOwner
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.key_bar import KeyBar
from cortensor_tui.dashboard.widgets.line_table import RowTable
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines

LEAST_SIZE = (60, 16)
START_KEY = "app.start_node"
NEED_KEY = (
    *("assign", "unassign", "swap", "submit"),
    *("new_session", "edit", "deactivate"),
)
"""Actions that ask the node for something to be signed."""
_NAMED_IN_SMALL = ("help", "quit")


class PlaceScreen(ActsForOwner):
    """What all places share: the header, what stands there before the node has said anything, and the keys.

    A subclass names its place in `PLACE`, yields its content in `compose_place`, and brings it up to date in
    `show_view`. The classes -narrow, -normal and -wide tell how much room there is, -old that the view is.
    """

    PLACE: ClassVar[str]
    NEEDS_NODE: ClassVar[bool] = True
    """Whether the content is hidden until a node has told of itself."""
    HAS_REMEDY: ClassVar[bool] = False
    """Whether the header says also why, and what to do."""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's name and type
        (0, "-tiny"),
        (LEAST_SIZE[0], "-narrow"),
        (100, "-normal"),
        (140, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST_SIZE[1], "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                place.key,
                f"go_to('{place.name}')",
                place.title,
                show=place.name == "tasks",
                id=place.binding_id,
                tooltip=place.summary,
            )
            for place in PLACES
        ),
        Binding("escape", "go_back", "Back", show=False, id="app.back", tooltip="Back to the dashboard"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._taken: FeedState | None = None
        self._named: tuple[bool, bool] | None = None

    def compose(self) -> ComposeResult:
        """Put the content between header and keys."""
        self._take_classes()
        yield self.make_header()
        yield TextLines(self._waiting, id="waiting")
        yield TextLines(self._too_small, id="too-small")
        with Container(id="place"):
            yield from self.compose_place()
        yield KeyBar(self.dashboard, self._names)

    def make_header(self) -> TextLines:
        """Return the widget above the content, whose lines `_header` composes."""
        return TextLines(self._header, id="verdict")

    # --- what a subclass says --------------------------------------------------------------------

    def compose_place(self) -> ComposeResult:
        """Yield the content."""
        raise NotImplementedError

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Bring the content up to date with what the node said. Only called while on top."""

    def move_ages(self, state: FeedState, view: NodeView) -> None:
        """Show newer figures of the status and let ages move on, once a second while on top."""
        self.show_view(state, view)

    def key_of_small(self) -> tuple[str, str]:
        """Return the id of the one key that a small terminal tells of, and what it does; "" for none."""
        return (START_KEY, "Start a node here") if self.offers("start_node") else ("", "")

    # --- what it does ----------------------------------------------------------------------------

    @property
    def state(self) -> FeedState:
        """Return the newest state of the feed."""
        return self.dashboard.feed_state

    @property
    def sight(self) -> Sight:
        """Return how sure what the node said is now."""
        return Sight.of(self.state, self.dashboard.now())

    @property
    def chain_sight(self) -> Sight:
        """Return how sure what was read of the chain is now."""
        return Sight.of_chain_in(self.state, self.dashboard.now())

    def on_mount(self) -> None:
        """Start with what is known."""
        self.take(self.state)

    def on_descendant_focus(self) -> None:
        """Show which pane has the focus."""
        for heading in self.query(Heading):
            heading.redraw()

    def offers(self, action: str) -> bool:
        """Tell whether the line of keys names an action: what needs a key only where the node has one."""
        if action == "start_node":
            may_start = self.dashboard.can_start_node and not self.dashboard.is_starting
            return may_start and self.state.is_node_away
        view = self.dashboard.view
        return action not in NEED_KEY or (view is not None and not view.status.is_watching)

    @property
    def is_small(self) -> bool:
        """Tell whether there is no room for the content, so that only the verdict is told."""
        return self.app.size.width < LEAST_SIZE[0] or self.app.size.height < LEAST_SIZE[1]

    def offer(self, state: FeedState) -> None:
        """Show a new state at once; newer figures alone wait for the next second."""
        before = self._taken
        if before is None or before is state or not before.differs_in_figures_only(state):
            super().offer(state)

    def on_screen_resume(self) -> None:
        """Let nothing wait of what came while another screen was on top."""
        self._taken = None

    def take(self, state: FeedState) -> None:
        """Bring the header up to date, then the content."""
        self._taken = state
        self._take_frame(state)
        if state.view is not None:
            self.show_view(state, state.view)

    def tick(self) -> None:
        """Move figures and ages on."""
        state = self._taken = self.state
        self._take_frame(state)
        if state.view is not None:
            self.move_ages(state, state.view)

    def show_toast(self) -> None:
        """Show it in the place of the keys."""
        self.query_one(KeyBar).redraw()

    def copy_text(self) -> tuple[str, str] | None:
        """Return the hash or id of the row under the cursor."""
        table = self.focused
        if not isinstance(table, RowTable) or table.current is None or not table.current.copy:
            return None
        text = table.current.copy
        return text, "hash" if text.startswith("0x") else "id"

    def action_go_to(self, name: str) -> None:
        """Show another place."""
        self.dashboard.go_to(name)

    def action_go_back(self) -> None:
        """Show the first place."""
        self.dashboard.go_to(FIRST.name)

    def _take_classes(self) -> None:
        """Take the classes of the first picture, before there are widgets that would be styled twice."""
        sides = (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS)
        for size, breakpoints in zip(self.app.size, sides, strict=True):
            fitting = [name for least, name in sorted(breakpoints) if size >= least]
            self.add_class(fitting[-1], update=False)
        self.set_class(self.NEEDS_NODE and self.state.view is None, "-waiting", update=False)

    def _take_frame(self, state: FeedState) -> None:
        named = (state.view is None, self.offers("start_node"))
        if named != self._named:
            self._named = named
            self.set_class(state.view is None, "-unseen")
            self.query_one(KeyBar).redraw()
        self.set_class(self.NEEDS_NODE and state.view is None, "-waiting")
        self.set_class(self.NEEDS_NODE and Sight.of(state, self.dashboard.now()).is_dim, "-old")
        for name in ("#verdict", "#waiting", "#too-small"):
            self.query_one(name, TextLines).redraw()

    @property
    def says_remedy(self) -> bool:
        """Tell whether the header says also what to do."""
        return self.HAS_REMEDY

    def verdict_line(self, width: int) -> Line:
        """Return the title and the verdict, the line that stays in sight under every panel."""
        return self._verdict(width)[0]

    def _verdict(self, width: int) -> list[Line]:
        title = place_called(self.PLACE).title
        now = self.dashboard.now()
        return verdict_lines(self.state, now, width, title=title, start=self._start)

    @property
    def _start(self) -> NodeStart:
        key = key_of(self, START_KEY) if self.dashboard.can_start_node else ""
        return NodeStart(self.dashboard.is_starting, key)

    def _names(self, action: str) -> bool:
        """Tell whether the line of keys names an action: nothing that acts on what is not seen."""
        return self.offers(action) and (not self.is_small or action in _NAMED_IN_SMALL)

    def _header(self, width: int) -> list[Line]:
        lines = self._verdict(width)
        view = self.state.view
        swaps = swap_lines(view.status.swaps, self.dashboard.now(), width) if view else []
        return [*(lines if self.HAS_REMEDY else lines[:1]), *swaps]

    def _waiting(self, width: int) -> list[Line]:
        return startup.waiting_lines(self.state, self.dashboard.board, self.dashboard.can_start_node, width)

    def _too_small(self, width: int) -> list[Line]:
        if not self.is_small:
            return []
        height, now = self.app.size.height, self.dashboard.now()
        if width < LEAST_TOLD[0] or height < LEAST_TOLD[1]:
            return word_alone(self.state, now, width, height - 1, start=self._start)
        key = self._key_of_small()
        room = height - 1 - len(key)  # below stand the keys
        told = [*stacked_lines(self.state, now, width, room, start=self._start), *key]
        title, (least_width, least_height) = place_called(self.PLACE).title, LEAST_SIZE
        remark = line((f" At {least_width}x{least_height} and more: {title}", "muted"))
        return [*told, (), remark] if len(told) + 3 <= height else told

    def _key_of_small(self) -> list[Line]:
        binding_id, does = self.key_of_small()
        key = key_of(self, binding_id) if binding_id else ""
        return [line((f" {key} ", "accent strong"), (does, "muted"))] if key else []
