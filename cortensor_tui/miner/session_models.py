"""Which file of the model folder a session's tasks are to be answered with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from cortensor_tui.domain.network_models import network_model_title
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.inference.models.digest import known_sha256
from cortensor_tui.inference.models.folder import find_model, model_on_disk
from cortensor_tui.inference.switching import FailedModel, ModelWish

log = structlog.get_logger(__name__)

MOST_TOLD = 20


class SessionModels:
    """Finds the files. `number_of` tells the network's number that a session asks for, None where unknown.

    `failures` are the models that were found and could not be loaded.
    """

    def __init__(
        self, folder: Path, configured: Path, failures: Callable[[], tuple[FailedModel, ...]] = tuple
    ) -> None:
        self.number_of: Callable[[int], int | None] = lambda session_id: None
        self._folder = folder
        self._configured = configured
        self._failures = failures
        self._found: dict[int, Path] = {}
        self._missing: dict[int, Problem] = {}

    async def wish(self, session_id: int) -> ModelWish:
        """Return the file for a session's tasks: the configured one, unless the folder has what is asked."""
        number = self.number_of(session_id)
        if number is None:
            return ModelWish(session_id=session_id)
        known = self._found.get(number)
        if known is None or known_sha256(known) is None:
            try:
                known = await asyncio.to_thread(self._look_for, number)
            except ProblemError as error:
                self._miss(session_id, error.problem)
                return ModelWish(session_id=session_id)
            self._found[number] = known
        self._missing.pop(session_id, None)
        is_configured = known == self._configured
        return ModelWish(session_id=session_id, path=None if is_configured else known)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return which sessions are answered by another model than the one that they ask for, and why."""
        failed = {one.session_id: one.problem for one in self._failures()}
        unmet = (self._missing | failed).items()
        return tuple(
            f"Session {session_id} is not answered by the model that it asks for: {problem.sentence()}"
            for session_id, problem in unmet
        )

    def _look_for(self, number: int) -> Path:
        """Return the file, the configured one before others. Raises `ProblemError` where there is none."""
        if self._configured.is_file() and number in model_on_disk(self._configured).network_indexes:
            return self._configured
        path = find_model(str(number), self._folder)
        if known_sha256(path) is None:
            raise problem_error(
                "model_unchecked",
                f"{network_model_title(number).capitalize()} is here, and its SHA-256 is not known",
                "No file is loaded on a session's wish before its bytes were read once",
                f"Have it read: cortensor-tui models info {path.name}",
            )
        return path

    def _miss(self, session_id: int, problem: Problem) -> None:
        if self._missing.get(session_id) != problem:
            log.warning("a session's model is not here", session=session_id, why=problem.sentence())
        self._missing.pop(session_id, None)
        self._missing[session_id] = problem
        for oldest in list(self._missing)[:-MOST_TOLD]:
            del self._missing[oldest]
