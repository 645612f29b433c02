"""Puts together what the node knows of its network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.chain.endpoints.head_feed import HeadFeed
from cortensor_tui.chain.networks.profiles import NetworkProfile, choose_profile
from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.domain.endpoints import EndpointReport, EndpointState
from cortensor_tui.domain.network_report import Comparison, NetworkReport, ProfileValue
from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.network import OVERRIDABLE, profile_of
from cortensor_tui.settings import Settings, SourceKind

_SETTINGS = {
    "daily_gas_budget_wei": "CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH",
    "look_interval_s": "MINER_PULLING_INTERVAL_SECONDS",
    "fed_look_interval_s": "MINER_PULLING_INTERVAL_SECONDS",
    "busy_look_interval_s": "MINER_PULLING_INTERVAL_SECONDS",
    **{name: f"CORTENSOR_TUI_{name.upper()}" for name in OVERRIDABLE if name != "daily_gas_budget_wei"},
}
_NOT_VALUES = frozenset({"title", "chain_ids", "modules", "standing", "is_local"})
_OURS = "chosen by this program"


def network_report(
    settings: Settings,
    pool: EndpointPool,
    link: ChainLink | None,
    feed: HeadFeed | None,
    problem: Problem | None,
) -> NetworkReport:
    """Return everything known now; `link` is None until the chain was found."""
    endpoints = pool.report()
    profile = link.profile if link else profile_of(settings, settings.chain_id)
    return NetworkReport(
        network=profile.title,
        endpoints=endpoints,
        head_feed=feed.report() if feed else None,
        origin=link.origin if link else None,
        comparisons=tuple(_comparisons(settings, link, endpoints)),
        values=tuple(profile_values(settings, profile)),
        error=problem.sentence() if problem else "",
    )


def _comparisons(
    settings: Settings, link: ChainLink | None, endpoints: tuple[EndpointReport, ...]
) -> Iterator[Comparison]:
    told = None if link is None else link.identity.chain_id
    yield Comparison(
        what="chain id (CHAINID)",
        ours=str(settings.chain_id),
        theirs="" if told is None else str(told),
        is_same=None if told is None else told == settings.chain_id,
    )
    if link is None:
        return
    in_use = next((one for one in endpoints if one.health.state is EndpointState.IN_USE), None)
    genesis = (in_use.genesis_hash if in_use else None) or ""
    known = link.identity.genesis_hash
    is_same = known == genesis if genesis else None
    yield Comparison(what="first block", ours=known, theirs=genesis, is_same=is_same)
    own = answer_hash("abc")
    yield Comparison(what="getHash('abc')", ours=own, theirs=link.told_hash, is_same=own == link.told_hash)


def profile_values(settings: Settings, profile: NetworkProfile) -> Iterator[ProfileValue]:
    """Yield the profile's numbers with where each is from."""
    untouched = choose_profile(settings.chain_id, settings.runtime_address)
    sources = {value.key: value for value in settings.values}
    for name in profile.__struct_fields__:
        if name in _NOT_VALUES:
            continue
        value, setting = getattr(profile, name), _SETTINGS.get(name, "")
        stated = sources.get(setting)
        is_set = stated is not None and stated.source is not SourceKind.DEFAULT
        is_changed = value != getattr(untouched, name)
        standing = profile.standing.get(name, _OURS)
        if is_set and (is_changed or getattr(settings, name, None) is not None):
            standing = f"set as {setting}"
        yield ProfileValue(name=name, value=_words(value), standing=standing, setting=setting)


def _words(value: Any) -> str:
    """Return a value for people; one of several numbers with their names."""
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{key} {number}" for key, number in msgspec.structs.asdict(value).items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
