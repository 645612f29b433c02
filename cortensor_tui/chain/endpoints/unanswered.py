"""What is told of a request that no endpoint answered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cortensor_tui.chain.endpoints.endpoint import Endpoint
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import Problem


def nobody_asked(in_use: Endpoint) -> EndpointError:
    """Return the error of a request that nobody was left for: nothing was sent."""
    problem = _over_budget(in_use.name) if in_use.error is None else in_use.error.problem
    return EndpointError(problem, EndpointFault.REFUSED)


def told_of_all(endpoints: Sequence[Endpoint], latest: EndpointError) -> EndpointError:
    """Return the error of a read that nobody answered: the first endpoint's cause, and how many more.

    The further ones stand in for the first: its cause is what is to be mended.
    """
    first, *others = endpoints
    if not others or not first.is_failing or first.error is None:
        return latest
    failing = sum(one.is_failing for one in others)
    problem = first.error.problem
    why = "; ".join(part for part in (problem.why, _others_failed(failing, len(others))) if part)
    return EndpointError(msgspec.structs.replace(problem, why=why), latest.fault)


def _others_failed(failing: int, others: int) -> str:
    if not failing:
        return ""
    if others == 1:
        return "the other endpoint failed as well"
    number = f"{failing} of the {others}" if failing < others else f"the {others}"
    return f"{number} other endpoints failed as well"


def _over_budget(name: str) -> Problem:
    return Problem(
        code="no_rpc",
        what=f"The chain endpoint {name} may not be asked so often",
        why="CORTENSOR_TUI_REQUESTS_PER_S is used up",
        remedy="The node asks again within a second; raise that setting if the endpoint allows it",
    )
