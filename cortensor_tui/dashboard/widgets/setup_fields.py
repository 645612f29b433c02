"""The fields of the set-up's pages, each a row with its label before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, Select

from cortensor_tui.settings import Secret

T = TypeVar("T")


def field_row(label: str, control: Widget) -> Horizontal:
    """Return a row whose id is "row-" and the field's, so that both can be hidden."""
    control.add_class("control")
    return Horizontal(Label(f" {label}"), control, classes="field", id=f"row-{control.id}")


def secret_field(value: Secret, name: str) -> Input:
    """Return a field that does not show what is typed."""
    return Input(value.reveal(), password=True, compact=True, id=name)


def choice_field(options: Iterable[tuple[str, T]], value: T, name: str) -> Select[T]:
    """Return a choice among these, of which one is always taken."""
    return Select(options, value=value, allow_blank=False, compact=True, id=name)
