"""What a swap ends with, in the three parts of a problem."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from cortensor_tui.chain.transactions.gate import LEFT
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import STILL_NOTED
from cortensor_tui.node.session_messages import SwapNodes

log = structlog.get_logger(__name__)


def is_left(error: BaseException) -> bool:
    """Tell whether a swap ended because its chain is no longer looked at: then it is not over."""
    return isinstance(error, ProblemError) and error.problem.code == LEFT.code


def problem_of(error: BaseException) -> Problem:
    """Return what a swap failed with; a fault of the program is logged whole."""
    if isinstance(error, ProblemError):
        return error.problem
    log.error("a swap met a fault", exc_info=error)
    return Problem(
        code="internal",
        what="The node failed at the swap",
        why=f"a fault of the program, {type(error).__name__}",
        remedy="See the node's log",
    )


def half_way(asked: SwapNodes, problem: Problem) -> Problem:
    """Return where a swap stands whose second half failed."""
    coming = asked.bind_address
    return Problem(
        code="swap_half_way",
        what=f"Session {asked.session_id} has lost {asked.unbind_address} and not got {coming}",
        why=f"the unbinding is mined, the binding failed: {problem.what}. {problem.why}".rstrip(". "),
        remedy=f"Mend that, then bind it: cortensor-tui assign {asked.session_id} --node {coming}",
    )


def still_noted(session_id: int, cause: Problem) -> Problem:
    """Return what is told of a swap that came to nothing and could not be struck from the journal."""
    return Problem(
        code=STILL_NOTED,
        what=f"The swap of session {session_id} came to nothing, and is still noted in the journal",
        why=f"{cause.what}. {cause.why}".rstrip(". "),
        remedy="The node forgets it once it can write; started again before that, it makes the swap."
        f" Free disk space, or stop it: cortensor-tui swap {session_id} --stop",
    )


def too_old(asked_at: float) -> Problem:
    """Return why a swap is not made that was asked for at a time, unix seconds, and taken up much later."""
    return Problem(
        code="swap_too_old",
        what=f"It was asked for on {datetime.fromtimestamp(asked_at, UTC):%Y-%m-%d %H:%M} UTC",
        why="the node was away meanwhile, and that is too long ago to send it by itself",
    )
