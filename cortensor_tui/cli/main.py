"""The entry of the command line, and the edge where every error becomes a sentence."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Sequence

from cortensor_tui.cli.dashboard_form import dashboard_form, open_dashboard
from cortensor_tui.cli.output import (
    Exit,
    exit_of,
    print_json,
    print_notice,
    print_problem,
    problem_json,
    usage_error,
)
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.settings.model import SettingsError

INTERRUPTED = 130


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(_exit_code(list(sys.argv[1:] if arguments is None else arguments)))


def _exit_code(arguments: list[str]) -> int:
    as_json = "--json" in itertools.takewhile(lambda argument: argument != "--", arguments)
    try:
        _require_text(arguments)
        code = _executed(arguments)
        sys.stdout.flush()
        if code == INTERRUPTED:  # what typer makes of Ctrl+C
            print_notice("Interrupted.")
        return code
    except SettingsError as error:
        return _report_settings(error, as_json)
    except ProblemError as error:
        return _report(error.problem, as_json)
    except KeyboardInterrupt:
        print_notice("Interrupted.")
        return INTERRUPTED
    except OSError as error:
        return _report_os_error(error, as_json)
    except Exception as error:
        if os.environ.get("CORTENSOR_TUI_DEBUG") == "1":
            raise
        return _report(_unforeseen(error), as_json)


def _executed(arguments: list[str]) -> int:
    form = dashboard_form(arguments)
    if form is not None:
        return open_dashboard(form.env, form.new_journal)
    from cortensor_tui.cli.commands import execute

    return execute(arguments)


def _require_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise usage_error("An argument is not text in UTF-8", remedy="Convert it first") from None


def _unforeseen(error: Exception) -> Problem:
    from cortensor_tui.cli.mishap import unforeseen

    return unforeseen(error)


def _report(problem: Problem, as_json: bool) -> Exit:
    if as_json:
        print_json({"error": problem_json(problem)})
    else:
        print_problem(problem)
    return exit_of(problem)


def _report_settings(error: SettingsError, as_json: bool) -> Exit:
    if as_json:
        return _report(error.problem, as_json)
    from cortensor_tui.cli import config

    config.print_notes(error.notes, str(error.path))
    for problem in error.problems:
        print_notice(problem.sentence())
    return Exit.WRONG_USE


def _report_os_error(error: OSError, as_json: bool) -> Exit:
    """Tell of a lost output where that is still possible; anything else is unforeseen."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC):
        return _report(_unforeseen(error), as_json)
    _discard_output()
    if error.errno == errno.ENOSPC:
        print_notice("The output could not be written: there is no space left where it goes.")
    return Exit.FAILED


def _discard_output() -> None:
    """Keep the interpreter from complaining at its end that whoever read our output is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
