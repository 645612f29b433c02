"""Network profiles: what is known of each chain, from networks.toml."""

from __future__ import annotations

import tomllib
from importlib import resources

import msgspec


class NetworkProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One network. Deadlines in seconds, each counted from the step before it."""

    title: str
    chain_ids: tuple[int, ...]
    is_local: bool
    look_interval_s: float
    ack_deadline_s: float
    precommit_deadline_s: float
    commit_deadline_s: float
    log_span_blocks: int
    active_session_state: int
    runtime: str | None = None


def load_profiles() -> dict[str, NetworkProfile]:
    """Return every profile by its name in the data file."""
    text = resources.files("cortensor_tui.chain").joinpath("networks.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, NetworkProfile])


def profile_for_chain(chain_id: int) -> NetworkProfile:
    """Return a chain's profile; an unknown chain gets the first testnet's numbers and no addresses."""
    profiles = load_profiles()
    for profile in profiles.values():
        if chain_id in profile.chain_ids:
            return profile
    assumed = profiles["testnet-0"]
    return msgspec.structs.replace(assumed, title=f"chain {chain_id}", chain_ids=(chain_id,), runtime=None)
