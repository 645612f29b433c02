"""The entry of the command line: all commands, and the edge where every error becomes a sentence."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cortensor_tui import __version__
from cortensor_tui.cli import (
    assignment,
    commitments,
    config,
    keys,
    session_acts,
    sessions,
    starting,
    status,
    submit,
    tasks,
    verify,
)
from cortensor_tui.cli.mishap import unforeseen
from cortensor_tui.cli.options import DEFAULT_ENV, Env, NewJournal
from cortensor_tui.cli.output import (
    Exit,
    exit_of,
    print_json,
    print_notice,
    print_problem,
    print_text,
    problem_json,
    usage_error,
)
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.settings.model import SettingsError

INTERRUPTED = 130
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
app.command()(tasks.txs)
app.command()(assignment.assign)
app.command()(assignment.unassign)
app.command()(session_acts.swap)
app.command()(submit.submit)
app.command()(verify.verify)
app.command()(starting.devnet)
app.command()(starting.demo)
app.add_typer(sessions.session_commands, name="session")
app.add_typer(starting.node_commands, name="node")
app.add_typer(config.config_commands, name="config")
app.add_typer(keys.key_commands, name="keys")
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
        return starting.open_dashboard(env, new_journal)
    if env != DEFAULT_ENV:
        raise typer.BadParameter("it goes after the command", param_hint="--env")
    if new_journal:
        raise typer.BadParameter("it goes after `node run`", param_hint="--new-journal")
    return Exit.DONE


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(_exit_code(list(sys.argv[1:] if arguments is None else arguments)))


def _exit_code(arguments: list[str]) -> int:
    as_json = "--json" in itertools.takewhile(lambda argument: argument != "--", arguments)
    try:
        _require_text(arguments)
        code = app(with_cortensord_form(arguments), prog_name="cortensor-tui", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # what typer makes of Ctrl+C
            print_notice("Interrupted.")
        return int(code or 0)
    except SettingsError as error:
        return _report_settings(error, as_json)
    except ProblemError as error:
        return _report(error.problem, as_json)
    except typer.TyperException as error:
        return _report(_usage_problem(error), as_json)
    except (KeyboardInterrupt, typer.Abort):
        print_notice("Interrupted.")
        return INTERRUPTED
    except OSError as error:
        return _report_os_error(error, as_json)
    except Exception as error:
        if os.environ.get("CORTENSOR_TUI_DEBUG") == "1":
            raise
        return _report(unforeseen(error), as_json)


def with_cortensord_form(arguments: list[str]) -> list[str]:
    """Return the arguments with `node FILE ROLE …`, cortensord's form, turned into a command of ours."""
    words = [argument for argument in arguments[:3] if not argument.startswith("-")]
    if len(words) == 3 and words[0] == "node" and words[1] not in _NODE_COMMANDS:
        return ["node", _CORTENSORD_FORM, *arguments[1:]]
    return arguments


def _require_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise usage_error("An argument is not text in UTF-8", remedy="Convert it first") from None


def _report(problem: Problem, as_json: bool) -> Exit:
    if as_json:
        print_json({"error": problem_json(problem)})
    else:
        print_problem(problem)
    return exit_of(problem)


def _usage_problem(error: typer.TyperException) -> Problem:
    context: typer.Context | None = getattr(error, "ctx", None)
    command = "cortensor-tui" if context is None else context.command_path
    return Problem(code="usage", what=error.format_message(), remedy=f"See: {command} --help")


def _report_settings(error: SettingsError, as_json: bool) -> Exit:
    if as_json:
        return _report(error.problem, as_json)
    config.print_notes(error.notes, str(error.path))
    for problem in error.problems:
        print_notice(problem.sentence())
    return Exit.WRONG_USE


def _report_os_error(error: OSError, as_json: bool) -> Exit:
    """Tell of a lost output where that is still possible; anything else is unforeseen."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC):
        return _report(unforeseen(error), as_json)
    _discard_output()
    if error.errno == errno.ENOSPC:
        print_notice("The output could not be written: there is no space left where it goes.")
    return Exit.FAILED


def _discard_output() -> None:
    """Keep the interpreter from complaining at its end that whoever read our output is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
