"""The form that submits a prompt to a session."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Input, Select, TextArea

from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.fields import field, read_float, read_int
from cortensor_tui.dashboard.screens.form import chosen_session, session_select
from cortensor_tui.domain.inert import inert_in_place
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.prompts import TOO_LONG, context_warning, is_too_long
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent, Submit
from cortensor_tui.node.session_messages import CheckAct

_DEFAULT_PARAMS = Submit(session_id=0, prompt="").llm_params
_HUNDREDTHS = 100  # the chain's integers for temperature and the like


class PromptArea(TextArea):
    """Keeps the prompt as it was typed or pasted, and shows it so that no terminal obeys it."""

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is shown."""
        return Text(inert_in_place(self.document.get_line(line_index)), end="", no_wrap=True)


class SubmitScreen(CheckedForm):
    """Session, prompt, length and temperature. The answer streams on the main screen."""

    PANEL_TITLE = "Submit a prompt"
    CONFIRM_LABEL = "Submit"
    TRANSACTION_KIND = TransactionKind.SUBMIT
    SHOWS_MET_CHECKS = False
    SENDS_AHEAD = True
    DEFAULT_CSS = """
    SubmitScreen TextArea { height: 6; border: none; padding: 0; }
    """

    def __init__(self, session_id: int | None) -> None:
        super().__init__()
        self._session_id = session_id

    def compose_fields(self) -> ComposeResult:
        """Yield the fields with usual values."""
        view = self.dashboard.view
        sessions = view.sessions if view else ()
        tokens, temperature = _DEFAULT_PARAMS[0], _DEFAULT_PARAMS[1] / _HUNDREDTHS
        yield field("Session", session_select(sessions, self._session_id, is_own_only=True))
        yield field(
            "Prompt",
            PromptArea(compact=True, show_line_numbers=False, tab_behavior="focus", id="prompt-text"),
        )
        yield field("Max tokens", Input(str(tokens), compact=True, max_length=6, id="max_tokens"))
        yield field("Temperature", Input(f"{temperature:g}", compact=True, max_length=5, id="temperature"))
        yield from self.compose_checks()

    def question(self) -> RequestBody | str:
        """Ask what submitting it would do."""
        return CheckAct(act=self.body())

    def remarks(self) -> list[str]:
        """Say where the prompt will hardly fit the model of this node."""
        view = self.dashboard.view
        context_tokens = view.status.engine.context_tokens if view else None
        warning = context_warning(self.query_one(TextArea).text, context_tokens)
        return [warning] if warning else []

    def on_mount(self) -> None:
        """Begin with the prompt, the one field that has to be filled."""
        super().on_mount()
        area = self.query_one(TextArea)
        area.cursor_blink = False
        area.focus()

    def body(self) -> Submit:
        """Return the task asked for."""
        session_id = chosen_session(self.query_one("#session", Select))
        prompt = self.query_one(TextArea).text
        if session_id is None:
            raise problem_error(
                "form",
                "No session is chosen",
                "only a session's owner submits to it",
                "To create one: esc, then n",
            )
        if not prompt.strip():
            raise problem_error("form", "The prompt is empty", "", "Write one")
        if is_too_long(prompt):
            raise problem_error("form", *TOO_LONG)
        tokens = read_int(self, "#max_tokens", "Max tokens", 1, 100_000)
        temperature = round(read_float(self, "#temperature", "Temperature", 0, 2) * _HUNDREDTHS)
        return Submit(
            session_id=session_id, prompt=prompt, llm_params=(tokens, temperature, *_DEFAULT_PARAMS[2:])
        )

    def success(self, sent: Sent) -> str:
        """Return the task's number."""
        named = f"Task {sent.task_key}" if sent.task_key is not None else "The task"
        return f"{named} is queued. Press esc to watch it."
