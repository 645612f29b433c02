"""One page of the set-up: its fields, what was found about them, and the way on and back."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.cells import Line, line, wrap
from cortensor_tui.dashboard.present import setup as present
from cortensor_tui.dashboard.widgets.path_suggester import PathSuggester
from cortensor_tui.dashboard.widgets.setup_fields import choice_field, field_row
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.settings import Secret
from cortensor_tui.settings.setup_draft import EngineWay, KeyWay, NetworkChoice, SetupDraft, Step, on_network

_MOST_CHARS = 1_000


class SetupPage(Vertical):
    """Shows a step of a draft, and tells each change of it. What is found is given with `say`."""

    DEFAULT_CSS = """
    SetupPage {
        height: 1fr;
        & > VerticalScroll { height: 1fr; }
        & #findings { height: auto; margin-top: 1; }
    }
    """

    class Changed(Message):
        """A field has another value."""

        def __init__(self, draft: SetupDraft) -> None:
            super().__init__()
            self.draft = draft

    class Next(Message):
        """The person wants to go on."""

    class WriteOnly(Message):
        """The person wants what was gathered to be written, and nothing to be started."""

    class Back(Message):
        """The person wants to go back."""

    def __init__(
        self, step: Step, steps: Sequence[Step], draft: SetupDraft, networks: Sequence[NetworkChoice]
    ) -> None:
        super().__init__()
        self._step = step
        self._steps = tuple(steps)
        self._draft = draft
        self._networks = networks
        self._page = present.PAGES[step]
        self._found: list[Line] = []

    def compose(self) -> ComposeResult:
        """Yield the way so far, the fields and what was found, the buttons."""
        yield TextLines(lambda _: [present.progress_line(self._step, self._steps), ()])
        with VerticalScroll(can_focus=False):
            yield TextLines(
                lambda width: [*(line(f" {piece}") for piece in wrap(self._page.about, width - 2)), ()]
            )
            yield from self._fields()
            yield TextLines(lambda _: self._found, id="findings")
        with Horizontal(classes="buttons"):
            last = self._step is self._steps[-1]
            yield Button(
                "Write and start the node" if last else "Next", id="next", variant="primary", compact=True
            )
            if last:
                yield Button("Write only", id="write-only", compact=True)
            yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        """Start in the first field."""
        self._show_fields()
        fields = [one for one in self.query(".control") if one.parent is not None and one.parent.display]
        (fields[0] if fields else self.query_one("#next")).focus()

    def say(self, lines: Sequence[Line], *, may_go_on: bool) -> None:
        """Show what was found; the way on is open only where it may be taken."""
        self._found = list(lines)
        self.query_one("#findings", TextLines).redraw()
        way_on = self.query_one("#next", Button)
        way_on.disabled = not may_go_on
        for button in self.query("#write-only").results(Button):
            button.disabled = not may_go_on
        if may_go_on and not self.query(".control"):
            way_on.focus()  # nothing to fill in: enter goes on

    def _fields(self) -> ComposeResult:
        if self._step is Step.NETWORK:
            options = [(one.title, one.name) for one in self._networks]
            taken = self._draft.network if self._draft.network in dict(options).values() else Select.NULL
            choice = Select(
                options, prompt="choose one", value=taken, allow_blank=True, compact=True, id="choice"
            )
            yield field_row("Network", choice)
        if self._step is Step.KEY:
            yield field_row("Key", choice_field(present.KEY_WAYS, self._draft.key_way, "way"))
        if self._step is Step.ENGINE:
            yield field_row("Engine", choice_field(present.ENGINE_WAYS, self._draft.engine_way, "engine"))
        for one in self._page.fields:
            value = getattr(self._draft, one.name)
            field = Input(
                value.reveal() if isinstance(value, Secret) else value,
                placeholder=one.hint,
                password=one.kind is present.FieldKind.SECRET,
                suggester=PathSuggester() if one.kind is present.FieldKind.PATH else None,
                compact=True,
                max_length=_MOST_CHARS,
                id=one.name,
            )
            field.cursor_blink = False
            yield field_row(one.label, field)

    def _show_fields(self) -> None:
        taken = {self._draft.key_way, self._draft.engine_way}
        for one in self._page.fields:
            is_needed = not one.ways or not taken.isdisjoint(one.ways)
            self.query_one(f"#row-{one.name}").display = is_needed

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        name, old = event.input.id or "", getattr(self._draft, event.input.id or "")
        new = Secret(event.value) if isinstance(old, Secret) else event.value
        if new != old:
            self._change(msgspec.structs.replace(self._draft, **{name: new}))

    @on(Select.Changed, "#choice")
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        for one in self._networks:
            if one.name == event.value and one.name != self._draft.network:
                self._change(on_network(self._draft, one, self._networks))

    @on(Select.Changed, "#way")
    def _way_chosen(self, event: Select.Changed) -> None:
        event.stop()
        if isinstance(event.value, KeyWay) and event.value is not self._draft.key_way:
            self._change(msgspec.structs.replace(self._draft, key_way=event.value))
            self._show_fields()

    @on(Select.Changed, "#engine")
    def _engine_chosen(self, event: Select.Changed) -> None:
        event.stop()
        if isinstance(event.value, EngineWay) and event.value is not self._draft.engine_way:
            self._change(msgspec.structs.replace(self._draft, engine_way=event.value))
            self._show_fields()

    def _change(self, draft: SetupDraft) -> None:
        self._draft = draft
        self.post_message(self.Changed(draft))

    @on(Input.Submitted)
    @on(Button.Pressed, "#next")
    def _on(self, event: Message) -> None:
        event.stop()
        self.go_on()

    def go_on(self) -> None:
        """Take the way on, where it is open."""
        if not self.query_one("#next", Button).disabled:
            self.post_message(self.Next())

    @on(Button.Pressed, "#write-only")
    def _write_only(self, event: Message) -> None:
        event.stop()
        self.post_message(self.WriteOnly())

    @on(Button.Pressed, "#back")
    def _back(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Back())
