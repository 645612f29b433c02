"""`status` with several endpoints: a line each, within 80 columns, and all of it as JSON."""

from __future__ import annotations

import msgspec

from cortensor_tui.cli.status import _for_people
from cortensor_tui.cli.status_shape import status_json
from cortensor_tui.domain.endpoints import EndpointFault, EndpointHealth, EndpointState
from cortensor_tui.domain.health import NodeStatus
from tests.cli.examples import STATUS

IN_USE = EndpointHealth(
    name="https://arbitrum-sepolia-rpc.publicnode.com",
    state=EndpointState.IN_USE,
    head_number=225_123_456,
    latency_ms=123.4,
    fault=EndpointFault.TIMEOUT,  # long over
    error="it took too long",
)
STALE = EndpointHealth(
    name="https://b:8545",
    state=EndpointState.STANDBY,
    head_number=225_000_000,
    fault=EndpointFault.STALE_HEAD,
)
RESTING = EndpointHealth(
    name="http://a-host-with-a-name-longer-than-there-is-room-for.example.org:8545",
    state=EndpointState.RESTING,
    fault=EndpointFault.RATE_LIMITED,
    error="HTTP 429: too many requests",
    resting_until=1.0,  # just over
)


def status_with(*endpoints: EndpointHealth) -> NodeStatus:
    return msgspec.structs.replace(STATUS, chain=msgspec.structs.replace(STATUS.chain, endpoints=endpoints))


def test_each_of_several_endpoints_has_a_line_of_its_own() -> None:
    lines = [
        line for line in _for_people(status_with(IN_USE, STALE, RESTING)).splitlines() if "endpoint" in line
    ]
    assert lines == [
        "endpoint  in use  head 225123456  123 ms  https://arbitrum-sepolia-rpc.publicno…",
        "endpoint  standby (stale head)  head 225000000  https://b:8545",
        "endpoint  resting 0s (rate limited)  head unknown  http://a-host-with-a-name-lo…",
    ]
    assert max(map(len, lines)) == 80


def test_one_endpoint_needs_no_line() -> None:
    assert "endpoint" not in _for_people(status_with(IN_USE))


def test_json_has_every_endpoint_whole() -> None:
    [in_use, _] = status_json(status_with(IN_USE, RESTING))["chain"]["endpoints"]
    assert in_use == {
        "name": IN_USE.name,
        "state": "in use",
        "head_number": 225_123_456,
        "latency_ms": 123.4,
        "fault": "timeout",
        "error": "it took too long",
        "error_at": None,
        "resting_until": None,
        "requests_last_minute": 0,
        "requests_per_s": None,
    }
