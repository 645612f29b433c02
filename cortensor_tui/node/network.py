"""The network that a node goes by: what the data file knows, with the user's own numbers over it."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.chain.networks import NetworkProfile, choose_profile
from cortensor_tui.settings import Settings

# Fields of the profile that a setting of the same name overrides.
_OVERRIDABLE = (
    "requests_per_s",
    "finality",
    "bump",
    "log_span_blocks",
    "active_session_state",
    "ack_deadline_s",
    "precommit_deadline_s",
    "commit_deadline_s",
)


def profile_of(settings: Settings, chain_id: int) -> NetworkProfile:
    """Return the profile of the chain that answers."""
    profile = choose_profile(chain_id, settings.runtime_address)
    own = {name: getattr(settings, name) for name in _OVERRIDABLE}
    longest_s = settings.longest_look_interval_s
    return msgspec.structs.replace(
        profile,
        look_interval_s=min(profile.look_interval_s, longest_s),
        busy_look_interval_s=min(profile.busy_look_interval_s, longest_s),
        **{name: value for name, value in own.items() if value is not None},
    )


def make_pool(settings: Settings) -> EndpointPool:
    """Return the endpoints that the settings name. Nothing is asked yet."""
    return EndpointPool(
        settings.rpc_urls,
        chain_id=settings.chain_id,
        requests_per_s=profile_of(settings, settings.chain_id).requests_per_s,
    )
