"""Fields of forms: a control with its label, and numbers out of them, or a sentence for what is none."""

from __future__ import annotations

from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Label

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError


class FieldError(ProblemError):
    """A field that holds what it must not; `selector` is where it is."""

    def __init__(self, problem: Problem, selector: str) -> None:
        super().__init__(problem)
        self.selector = selector


def field(label: str, control: Widget) -> Horizontal:
    """Return a control with its label at the left."""
    control.add_class("control")
    return Horizontal(Label(label), control, classes="field")


def read_int(screen: Screen[None], selector: str, label: str, least: int, most: int) -> int:
    """Return a whole number within bounds. Raises `FieldError`."""
    return int(_read(screen, selector, label, least, most, is_whole=True))


def read_float(screen: Screen[None], selector: str, label: str, least: float, most: float) -> float:
    """Return a number within bounds. Raises `FieldError`."""
    return _read(screen, selector, label, least, most, is_whole=False)


def _read(
    screen: Screen[None], selector: str, label: str, least: float, most: float, is_whole: bool
) -> float:
    text = screen.query_one(selector, Input).value.strip()
    try:
        value = float(int(text)) if is_whole else float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        kind = "a whole number" if is_whole else "a number"
        raise FieldError(
            Problem(
                code="form",
                what=f"{label} is {inert(text, 20) or 'empty'}",
                why=f"it must be {kind} from {least:g} to {most:g}",
                remedy="Change it, then confirm again",
            ),
            selector,
        )
    return value
