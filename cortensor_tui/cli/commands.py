"""All commands, as typer parses them."""

from __future__ import annotations

from typing import Annotated

import typer

from cortensor_tui import __version__
from cortensor_tui.cli import (
    assignment,
    commitments,
    config,
    keys,
    models,
    session_owner,
    sessions,
    starting,
    status,
    submit,
    swap,
    tasks,
    txs,
    verify,
)
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV, open_dashboard
from cortensor_tui.cli.options import Env, NewJournal
from cortensor_tui.cli.output import Exit, print_text, usage_error
from cortensor_tui.domain.problems import Problem, ProblemError

_CORTENSORD_FORM = "cortensord"
_NODE_COMMANDS = ("run", "stop", _CORTENSORD_FORM)

app = typer.Typer(
    name="cortensor-tui",
    help="Run a Cortensor dedicated node and watch it. Without a command: the dashboard.",
    rich_markup_mode=None,  # plain help; rich would cost 0.1 s
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(status.status)
app.command()(sessions.sessions)
app.command()(tasks.tasks)
app.command()(txs.txs)
app.command()(assignment.assign)
app.command()(assignment.unassign)
app.command()(swap.swap)
sessions.session_commands.command("hand-over")(session_owner.hand_over)
sessions.session_commands.command("router")(session_owner.router)
app.command()(submit.submit)
app.command()(verify.verify)
app.command()(starting.devnet)
app.command()(starting.demo)
app.add_typer(sessions.session_commands, name="session")
app.add_typer(starting.node_commands, name="node")
app.add_typer(config.config_commands, name="config")
app.add_typer(keys.key_commands, name="keys")
app.add_typer(models.model_commands, name="models")
app.add_typer(commitments.commitment_commands, name="commitments")


@app.callback(invoke_without_command=True)
def dashboard(
    context: typer.Context,
    env: Env = DEFAULT_ENV,
    new_journal: NewJournal = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    """Run a Cortensor dedicated node and watch it. Without a command: the dashboard."""
    if version:
        print_text(f"cortensor-tui {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        return open_dashboard(env, new_journal)
    if env != DEFAULT_ENV:  # it stood where `with_env_behind` leaves it
        raise typer.BadParameter("it goes after the command", param_hint="--env")
    if new_journal:
        raise typer.BadParameter("it goes after `node run`", param_hint="--new-journal")
    return Exit.DONE


def execute(arguments: list[str]) -> int:
    """Run one command and return its exit code.

    Raises `ProblemError` for what cannot be done or understood, and `KeyboardInterrupt`.
    """
    try:
        words = with_cortensord_form(with_env_behind(arguments))
        return int(app(words, prog_name="cortensor-tui", standalone_mode=False) or 0)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except typer.TyperException as error:
        raise ProblemError(_usage_problem(error)) from error


def with_env_behind(arguments: list[str]) -> list[str]:
    """Return the arguments with a leading `--env FILE` behind the command, whose option it is.

    Raises the usage error where the command names a file of its own, too.
    """
    name, has_value, _ = arguments[0].partition("=") if arguments else ("", "", "")
    if name != "--env":
        return arguments
    env, words = (arguments[:1], arguments[1:]) if has_value else (arguments[:2], arguments[2:])
    end = words.index("--") if "--" in words else len(words)
    if not words[:end] or words[0].startswith("-"):
        return arguments
    if any(word == "--env" or word.startswith("--env=") for word in words[:end]):
        raise usage_error("--env is given twice", remedy="Name one settings file")
    return [*words[:end], *env, *words[end:]]


def with_cortensord_form(arguments: list[str]) -> list[str]:
    """Return the arguments with `node FILE ROLE …`, cortensord's form, turned into a command of ours."""
    words = [argument for argument in arguments[:3] if not argument.startswith("-")]
    if len(words) == 3 and words[0] == "node" and words[1] not in _NODE_COMMANDS:
        return ["node", _CORTENSORD_FORM, *arguments[1:]]
    return arguments


def _usage_problem(error: typer.TyperException) -> Problem:
    context: typer.Context | None = getattr(error, "ctx", None)
    command = "cortensor-tui" if context is None else context.command_path
    return Problem(code="usage", what=error.format_message(), remedy=f"See: {command} --help")
