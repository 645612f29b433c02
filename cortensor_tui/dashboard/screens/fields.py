"""Reading numbers out of form fields, with a sentence for what is no number."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Input

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error


def read_int(screen: Screen[None], selector: str, label: str, least: int, most: int) -> int:
    """Return a whole number within bounds. Raises `ProblemError`, code "form"."""
    return int(_read(screen, selector, label, least, most, is_whole=True))


def read_float(screen: Screen[None], selector: str, label: str, least: float, most: float) -> float:
    """Return a number within bounds. Raises `ProblemError`, code "form"."""
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
        screen.query_one(selector, Input).focus()
        kind = "a whole number" if is_whole else "a number"
        raise problem_error(
            "form",
            f"{label} is {inert(text, 20) or 'empty'}",
            f"it must be {kind} from {least:g} to {most:g}",
            "Change it, then confirm again",
        )
    return value
