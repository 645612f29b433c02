"""What the status pane says of the chain's endpoints."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.present.status import low_lines, tall_lines
from cortensor_tui.domain.endpoints import EndpointHealth, EndpointState
from tests.dashboard.samples import NOW, status

LOW_WIDTH = 50  # of the left column at 80 cells


def network_line(*states: EndpointState, is_low: bool = False) -> str:
    """Return the pane's line about the network when the endpoints are in these states."""
    endpoints = tuple(
        EndpointHealth(name=f"https://rpc{place}.example", state=state) for place, state in enumerate(states)
    )
    healthy = status()
    chain = msgspec.structs.replace(healthy.chain, endpoints=endpoints)
    shown = msgspec.structs.replace(healthy, chain=chain)
    lines = low_lines(shown, LOW_WIDTH) if is_low else tall_lines(shown, NOW, 100)
    return next(text for text in ("".join(span.text for span in one) for one in lines) if "network" in text)


def test_before_the_chain_is_known_no_answers_are_counted() -> None:
    unknown = msgspec.structs.replace(status(), answered_tasks=None, missed_tasks=None)
    said = ["".join(span.text for span in one) for one in tall_lines(unknown, NOW, 100)]
    assert any("answers unknown" in text for text in said)
    assert not any("answered" in text for text in said)


def test_one_endpoint_needs_no_word() -> None:
    assert "endpoint" not in network_line(EndpointState.IN_USE)


def test_several_healthy_ones_are_counted() -> None:
    assert "2 endpoints" in network_line(EndpointState.IN_USE, EndpointState.STANDBY)


def test_those_that_are_out_are_named_by_their_state() -> None:
    said = network_line(
        EndpointState.RESTING, EndpointState.IN_USE, EndpointState.PROBING, EndpointState.RESTING
    )
    assert "of 4 endpoints 2 resting, 1 probing" in said


def test_where_there_is_little_room_those_that_are_out_are_still_counted() -> None:
    said = network_line(EndpointState.RESTING, EndpointState.IN_USE, EndpointState.PROBING, is_low=True)
    assert "2 of 3 endpoints out" in said
