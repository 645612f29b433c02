"""What leaves the program: lines for people, one JSON document for programs, and errors as both."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import IntEnum

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError


class Exit(IntEnum):
    """What the process ends with."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    NO_NODE = 3
    UNTOLD = 4  # neither yes nor no


_EXITS = {"usage": Exit.WRONG_USE, "settings": Exit.WRONG_USE, "no_node": Exit.NO_NODE}


def exit_of(problem: Problem) -> Exit:
    """Return the exit code that a problem ends the command with."""
    return _EXITS.get(problem.code, Exit.FAILED)


def usage_error(what: str, why: str = "", remedy: str = "") -> ProblemError:
    """Build the error for wrong use of a command: exit 2."""
    return ProblemError(Problem(code="usage", what=what, why=why, remedy=remedy))


def print_text(text: str) -> None:
    """Print lines for people. Text from strangers was made inert by the caller."""
    sys.stdout.write(text + "\n")


def print_json(document: Mapping[str, object]) -> None:
    """Print one JSON document on one line. Only ASCII, so that no text in it acts on a terminal."""
    sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")


def print_notice(text: str) -> None:
    """Print a line about the command itself, on stderr."""
    sys.stderr.write(inert(text) + "\n")


def print_problem(problem: Problem) -> None:
    """Print "what. why. remedy." on stderr."""
    sys.stderr.write(inert(_sentences(problem.what, problem.why, problem.remedy)) + "\n")


def _sentences(*parts: str) -> str:
    """Return each part that is known as a sentence of its own."""
    trimmed = (part.strip() for part in parts)
    sentences = (part[0].upper() + part[1:] + ("" if part[-1] in ".?!" else ".") for part in trimmed if part)
    return " ".join(sentences)


def problem_json(problem: Problem) -> dict[str, str]:
    """Return the documented shape of an error."""
    return {"code": problem.code, "what": problem.what, "why": problem.why, "remedy": problem.remedy}
