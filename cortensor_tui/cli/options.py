"""The options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.output import usage_error

MAX_ID = 2**63 - 1


def id_number(text: str) -> int:
    """Return the id of a session or a task. Raises `typer.BadParameter` for what is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID))
    if not is_number or int(text) > MAX_ID:
        raise typer.BadParameter(f"{text[:40]!r} is no id: give a whole number, 0 or more")
    return int(text)


Env = Annotated[
    Path,
    typer.Option("--env", metavar="FILE", help="The node's settings file.", show_default=str(DEFAULT_ENV)),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
NewJournal = Annotated[
    bool,
    typer.Option(
        "--new-journal",
        help="Start a key that has answered before without its journal. Only when all its tasks have ended: "
        "what it signed is forgotten.",
    ),
]
SessionId = Annotated[
    int,
    typer.Argument(metavar="SESSION", parser=id_number, show_default=False, help="The session's id."),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="The most to list.")]


RevealTexts = Annotated[
    bool,
    typer.Option(
        "--reveal", help="Show prompts and answers of private sessions; the node's log gets a line for it."
    ),
]


def address_option(text: str) -> str:
    """Return an address as given. Raises the usage error for anything else; the node checks checksums."""
    digits = text.removeprefix("0x")
    if len(text) != 42 or len(digits) != 40 or not set(digits) <= set("0123456789abcdefABCDEF"):
        raise usage_error(f"{text!r} is not an address", remedy="Give 0x and 40 hex digits")
    return text
