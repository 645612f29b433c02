"""`commitments`: what a key has put its name to, taken out of a journal and into another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.options import AsJson, Env, NewJournal
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.domain.inert import inert

commitment_commands = typer.Typer(
    help="What the node's key has signed for tasks: export it, or import it to make a journal stricter.",
    rich_markup_mode=None,
)


@commitment_commands.command("export")
def export(
    env: Env = DEFAULT_ENV,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write it there, mode 0600.", show_default="stdout"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Print the commitments of this node's key as JSON, the node running or not."""
    from cortensor_tui.launch import commitments

    target = None if output is None else output.expanduser()
    document = commitments.export_to(env.expanduser(), os.environ, target)
    if target is None:
        print_text(document.decode())
    elif as_json:
        print_json({"output": str(target)})
    else:
        print_text(f"The commitments are in {inert(str(target))}.")
    return Exit.DONE


@commitment_commands.command("import")
def import_(
    document: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="What export wrote.")],
    env: Env = DEFAULT_ENV,
    new_journal: NewJournal = False,
    as_json: AsJson = False,
) -> int:
    """Add commitments to this node's journal, all or none. What was refused before stays refused."""
    from cortensor_tui.launch import commitments

    done = commitments.import_from(
        env.expanduser(), os.environ, document.expanduser(), may_make_journal=new_journal
    )
    if as_json:
        print_json({"added": done.added, "known": done.known})
    else:
        print_text(f"{done.added} commitments were added, {done.known} were known already.")
    return Exit.DONE
