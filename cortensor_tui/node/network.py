"""The network a node works on: its profile under the user's numbers, its contracts found and checked."""

from __future__ import annotations

import msgspec
import structlog

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.chain.networks.probe import probe_generation
from cortensor_tui.chain.networks.profiles import NetworkProfile, choose_profile
from cortensor_tui.chain.networks.resolve import (
    ChainIdentity,
    KnownAddresses,
    Resolved,
    check_hash,
    check_network,
    identify_chain,
    resolve_contracts,
)
from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.networks import ContractOrigin, Generation
from cortensor_tui.settings import Settings

log = structlog.get_logger(__name__)

# Fields of the profile that a setting of the same name overrides.
OVERRIDABLE = (
    "requests_per_s",
    "finality",
    "bump",
    "log_span_blocks",
    "active_session_state",
    "ack_deadline_s",
    "precommit_deadline_s",
    "commit_deadline_s",
    "daily_gas_budget_wei",
)


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at start. `told_hash` is the queue's own of "abc"."""

    identity: ChainIdentity
    profile: NetworkProfile
    reader: ContractReader
    origin: ContractOrigin
    told_hash: str


def profile_of(settings: Settings, chain_id: int) -> NetworkProfile:
    """Return the profile of the chain that answers."""
    profile = choose_profile(chain_id, settings.runtime_address)
    own = {name: getattr(settings, name) for name in OVERRIDABLE}
    longest_s = settings.longest_look_interval_s
    return msgspec.structs.replace(
        profile,
        look_interval_s=min(profile.look_interval_s, longest_s),
        fed_look_interval_s=min(profile.fed_look_interval_s, longest_s),
        busy_look_interval_s=min(profile.busy_look_interval_s, longest_s),
        **{name: value for name, value in own.items() if value is not None},
    )


def make_pool(
    settings: Settings, known_genesis: str | None = None, clock: Clock = SYSTEM_CLOCK
) -> EndpointPool:
    """Return the endpoints that the settings name. Nothing is asked yet.

    `known_genesis` is the first block of the chain that the journal knows by this id, None for none.
    """
    return EndpointPool(
        settings.rpc_urls,
        chain_id=settings.chain_id,
        known_genesis=known_genesis,
        requests_per_s=profile_of(settings, settings.chain_id).requests_per_s,
        clock=clock,
    )


def feed_url(settings: Settings, profile: NetworkProfile) -> str | None:
    """Return the WebSocket to follow, None for none. A local chain answers one where it answers HTTP."""
    if settings.head_feed == "off":
        return None
    if settings.head_feed is None and profile.is_local:
        return "ws" + settings.rpc_urls[0].removeprefix("http")
    return settings.head_feed


def head_warnings(profile: NetworkProfile, head_age_s: float | None) -> tuple[str, ...]:
    """Return what to say of a head that no newer one has followed for too long.

    Nothing where blocks come with traffic only, as the profile says by having no `head_alarm_s`.
    """
    alarm_s = profile.head_alarm_s
    if alarm_s is None or head_age_s is None or head_age_s <= alarm_s:
        return ()
    return (
        f"No new block for over {alarm_s:.0f} s: the chain stands still, or makes blocks for traffic only",
    )


async def find_network(rpc: Rpc, settings: Settings) -> Network:
    """Find the chain and its contracts and check them. Raises `ProblemError` with what to mend."""
    identity = await identify_chain(rpc, settings.chain_id)
    check_network(identity.chain_id, settings.runtime_address)
    profile = profile_of(settings, identity.chain_id)
    known = KnownAddresses(
        runtime=settings.runtime_address,
        session_v2=settings.session_address,
        session_queue_v2=settings.queue_address,
    )
    resolved = await resolve_contracts(rpc, known, profile)
    origin = await _origin(rpc, settings, resolved)
    reader = ContractReader(
        rpc,
        resolved.contracts,
        profile.active_session_state,
        origin.generation,
        profile.numbers,
    )
    told_hash = await check_hash(reader)
    _log(profile, origin)
    return Network(identity=identity, profile=profile, reader=reader, origin=origin, told_hash=told_hash)


async def _origin(rpc: Rpc, settings: Settings, resolved: Resolved) -> ContractOrigin:
    if settings.generation != "auto":
        return ContractOrigin(
            generation=Generation(settings.generation),
            is_probed=False,
            addresses=resolved.found,
            warnings=resolved.warnings,
        )
    generation, probes = await probe_generation(rpc, resolved.contracts)
    return ContractOrigin(
        generation=generation,
        is_probed=True,
        probes=probes,
        addresses=resolved.found,
        warnings=resolved.warnings,
    )


def _log(profile: NetworkProfile, origin: ContractOrigin) -> None:
    log.info(
        "network found",
        network=profile.title,
        generation=origin.generation.value,
        is_probed=origin.is_probed,
        addresses={found.name: f"{found.address}, {found.source}" for found in origin.addresses},
    )
    for warning in origin.warnings:
        log.warning("an address may be wrong", why=warning)
