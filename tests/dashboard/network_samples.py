"""A network at the samples' moment: endpoints in every state, and what the node found out."""

from __future__ import annotations

from typing import Any

from cortensor_tui.domain.endpoints import (
    EndpointFault,
    EndpointHealth,
    EndpointReport,
    EndpointState,
    HeadFeedReport,
)
from cortensor_tui.domain.network_report import Comparison, NetworkReport, ProfileValue
from cortensor_tui.domain.networks import ContractOrigin, Found, Generation, Probe

from . import samples


def endpoint_reports() -> tuple[EndpointReport, ...]:
    """Return one in use, one that waits, one that rests after a fault and one of another chain."""
    return (
        EndpointReport(
            health=EndpointHealth(
                name="https://sepolia-rollup.arbitrum.io",
                state=EndpointState.IN_USE,
                head_number=102_331_204,
                latency_ms=84.2,
                requests_last_minute=31,
                requests_per_s=10,
            ),
            blocks_behind=0,
            requests_left=18.5,
            requests=4_120,
            sends_taken=33,
            chain_id=421614,
            genesis_hash=samples.GENESIS,
        ),
        EndpointReport(
            health=EndpointHealth(
                name="https://arbitrum-sepolia-rpc.publicnode.com",
                state=EndpointState.STANDBY,
                head_number=102_331_201,
                latency_ms=131.0,
                requests_last_minute=6,
                requests_per_s=10,
            ),
            blocks_behind=3,
            requests_left=20,
            requests=380,
            failures=1,
            sends_taken=32,
            sends_not_taken=1,
            chain_id=421614,
            genesis_hash=None,
        ),
        EndpointReport(
            health=EndpointHealth(
                name="https://rpc.example.org",
                state=EndpointState.RESTING,
                fault=EndpointFault.TIMEOUT,
                error="it took too \x1b[31mlong",
                error_at=samples.NOW - 12,
                requests_per_s=10,
            ),
            requests=44,
            failures=12,
            failures_in_a_row=3,
            probe_at=samples.NOW + 2,
        ),
        EndpointReport(
            health=EndpointHealth(
                name="http://127.0.0.1:8545",
                state=EndpointState.WRONG_CHAIN,
                head_number=12,
                latency_ms=2.0,
                fault=EndpointFault.WRONG_CHAIN,
                error="HOST and CHAINID do not belong together",
                error_at=samples.NOW - 600,
                requests_per_s=10,
            ),
            requests=3,
            failures=1,
            failures_in_a_row=1,
            probe_at=samples.NOW - 1,
            chain_id=31337,
            genesis_hash="0x" + "11" * 32,
        ),
    )


def network_report(**changes: Any) -> NetworkReport:
    """Return a public network, whose numbers are in part assumed."""
    values: dict[str, Any] = {
        "network": "Testnet-0 (Arbitrum Sepolia)",
        "endpoints": endpoint_reports(),
        "head_feed": HeadFeedReport(
            name="wss://feed.example.org",
            health="connected",
            connected_at=samples.NOW - 1200,
            news_at=samples.NOW - 40,
            news=17,
            losses=2,
        ),
        "origin": ContractOrigin(
            generation=Generation.NEW,
            is_probed=True,
            probes=(
                Probe(
                    call="SessionV2.getSessionCount()",
                    answer="42",
                    meaning="it is there (generations with it: old, mid, new)",
                ),
                Probe(
                    call="SessionV2.tasksBeforeRelease()",
                    answer="reverted without a reason",
                    meaning="there is no such function (generations with it: old)",
                ),
            ),
            addresses=(
                Found(
                    name="SessionV2",
                    address=samples.SESSION_V2,
                    source="profile of Testnet-0, unverified: a public client",
                    setting="CORTENSOR_TUI_SESSION_V2_ADDRESS",
                ),
                Found(
                    name="SessionQueueV2",
                    address=samples.QUEUE,
                    source=f"told by SessionV2 at {samples.SESSION_V2}",
                    setting="CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS",
                ),
            ),
            warnings=("The address of SessionV2 is unverified only",),
        ),
        "comparisons": (
            Comparison(what="chain id (CHAINID)", ours="421614", theirs="421614", is_same=True),
            Comparison(what="first block", ours=samples.GENESIS, theirs="", is_same=None),
            Comparison(what="getHash('abc')", ours="0x4e03", theirs="0x4e03", is_same=True),
        ),
        "values": (
            ProfileValue(
                name="ack_deadline_s",
                value="60",
                standing="assumed: the network publishes none",
                setting="CORTENSOR_TUI_ACK_DEADLINE_S",
            ),
            ProfileValue(
                name="requests_per_s",
                value="10",
                standing="set as CORTENSOR_TUI_REQUESTS_PER_S",
                setting="CORTENSOR_TUI_REQUESTS_PER_S",
            ),
            ProfileValue(name="task_status", value="queued 0, assigned 1", standing="from two clients"),
        ),
    }
    return NetworkReport(**(values | changes))
