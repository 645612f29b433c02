"""The chain: its endpoints, its contracts, and how it is looked at."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import FROM_PROFILE, REQUIRED, Group, Spec, TakesEffect, setting

MAX_RPC_HOSTS: Final = 20
_setting = partial(setting, Group.CHAIN)


def rpc_host_spec(index: int) -> Spec:
    """Return the setting of one more endpoint, RPC_HOST_0 to RPC_HOST_19."""
    return _setting(
        f"RPC_HOST_{index}", f"rpc_host_{index}", kinds.optional(kinds.URL), None, "One more endpoint."
    )


_SECONDS = kinds.optional(kinds.decimal("0.1", "86400", "seconds"))

CHAIN: Final[tuple[Spec, ...]] = (
    _setting(
        "HOST",
        "primary_rpc_url",
        kinds.URL,
        REQUIRED,
        "The chain's JSON-RPC endpoint, asked first.",
        example="https://sepolia-rollup.arbitrum.io/rpc",
    ),
    _setting(
        "CHAINID",
        "chain_id",
        kinds.whole(1, 2**63 - 1),
        REQUIRED,
        "The chain's id. A node is blocked while its endpoint answers with another.",
        example="421614",
    ),
    _setting(
        "ENABLE_MULTIPLE_RPC_HOST",
        "multiple_rpc_enabled",
        kinds.FLAG,
        False,
        "1 uses RPC_HOST_0 and the following as further endpoints after HOST.",
    ),
    _setting(
        "NUM_RPC_HOST",
        "rpc_host_count",
        kinds.whole(1, MAX_RPC_HOSTS),
        1,
        "How many of RPC_HOST_0 to RPC_HOST_19 to use.",
    ),
    _setting(
        "CONTRACT_ADDRESS_RUNTIME",
        "runtime_address",
        kinds.ADDRESS,
        None,
        "The network's Runtime contract. On a devnet of ours the node finds the other contracts through it.",
        example="0xa438cE917a5740267e0f7217f81cbbAA23E7e106",
    ),
    _setting(
        "CORTENSOR_TUI_SESSION_V2_ADDRESS",
        "session_address",
        kinds.ADDRESS,
        None,
        "SessionV2. Needed on the public networks, whose Runtime has no public interface.",
    ),
    _setting(
        "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS",
        "queue_address",
        kinds.ADDRESS,
        None,
        "SessionQueueV2. If left out, SessionV2 is asked for it.",
    ),
    _setting(
        "CORTENSOR_TUI_GENERATION",
        "generation",
        kinds.one_of("auto", "old", "mid", "new"),
        "auto",
        "Generation of the contracts' interface; auto finds it out by calls that only one of them answers.",
    ),
    _setting(
        "CORTENSOR_TUI_REQUESTS_PER_S",
        "requests_per_s",
        kinds.optional(kinds.decimal("0.5", "100000", "requests")),
        None,
        "The most HTTP requests a second to each endpoint. What is beyond goes to another one, or waits.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "CORTENSOR_TUI_HEAD_FEED",
        "head_feed",
        kinds.FEED,
        None,
        "A WebSocket that tells of new events at once, so that the node need not wait for its next look.",
        default_words="HOST's own on a local chain, else off",
    ),
    _setting(
        "CORTENSOR_TUI_FINALITY",
        "finality",
        kinds.FINALITY,
        None,
        "When a block counts as final.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "CORTENSOR_TUI_LOG_SPAN_BLOCKS",
        "log_span_blocks",
        kinds.optional(kinds.whole(1, 10_000_000)),
        None,
        "The most blocks to ask an endpoint for events at once; some allow 5 or 10 only.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "CORTENSOR_TUI_ACTIVE_SESSION_STATE",
        "active_session_state",
        kinds.optional(kinds.whole(0, 255)),
        None,
        "The number by which the contract calls a session active. The network does not publish it.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "MINER_PULLING_INTERVAL_SECONDS",
        "longest_look_interval_s",
        kinds.decimal("0.1", "3600", "seconds"),
        5.0,
        "The longest wait between two looks at the chain. On a local chain the node looks more often.",
        takes_effect=TakesEffect.AT_ONCE,
    ),
)
