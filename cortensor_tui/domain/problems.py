"""An error as a person meets it: what happened, why as far as known, what to do."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Three parts of one error. `code` is stable and for programs; the rest is for people."""

    code: str
    what: str
    why: str = ""
    remedy: str = ""

    def sentence(self) -> str:
        """Return the parts as running text, leaving out what is not known."""
        parts = [part.strip().rstrip(".") for part in (self.what, self.why, self.remedy) if part.strip()]
        return ". ".join(part[:1].upper() + part[1:] for part in parts) + "."


class ProblemError(Exception):
    """Raised inside for anything a person will be told about; carries the `Problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem


def problem_error(code: str, what: str, why: str = "", remedy: str = "") -> ProblemError:
    """Build the exception for one problem."""
    return ProblemError(Problem(code=code, what=what, why=why, remedy=remedy))
