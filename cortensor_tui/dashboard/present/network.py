"""The network as the node sees it: endpoints and facts as rows, and all there is to know of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.format import (
    UNKNOWN,
    calm_age,
    duration,
    milliseconds,
    moment,
    number,
)
from cortensor_tui.dashboard.present.details import Detail, Details
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.endpoints import NO_WEBSOCKET, EndpointReport, EndpointState, HeadFeedReport
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.network_report import Comparison, NetworkReport
from cortensor_tui.domain.networks import ContractOrigin

ENDPOINT_COLUMNS = (
    Column("state", 13),
    Column("endpoint", 18, share=2),
    Column("head", 11, rank=4, is_right=True),
    Column("behind", 6, rank=3, is_right=True),
    Column("latency", 8, rank=2, is_right=True),
    Column("asked", 6, rank=5, is_right=True),
    Column("of/min", 7, rank=6, is_right=True),
    Column("sends", 5, rank=7, is_right=True),
    Column("last trouble", 22, share=3, rank=1),
)
FACT_COLUMNS = (
    Column("what", 24, share=1, is_whole=True),
    Column("value", 20, share=3),
    Column("from", 18, share=4, rank=1),
)
_LOOKS = {
    EndpointState.IN_USE: ("● ", "good"),
    EndpointState.STANDBY: ("● ", "muted"),
    EndpointState.UNKNOWN: ("○ ", "muted"),
    EndpointState.RESTING: ("✖ ", "bad"),
    EndpointState.PROBING: ("▲ ", "warn"),
    EndpointState.WRONG_CHAIN: ("✖ ", "bad"),
}
_SAME = {True: ("● same", "good"), False: ("✖ other", "bad"), None: ("○ unknown", "muted")}
_MOST_CHARS = 300


class Fact(NamedTuple):
    """One thing found out: `value` may be long, `origin` says how it is known and what would change it."""

    key: str
    what: str
    value: str
    origin: str
    look: str = "plain"
    mark: str = ""


def endpoint_rows(report: NetworkReport, sight: Sight) -> list[Row]:
    """Return the endpoints in the order of the settings."""
    return [_endpoint_row(str(index), one, sight) for index, one in enumerate(report.endpoints)]


def _endpoint_row(key: str, one: EndpointReport, sight: Sight) -> Row:
    health = one.health
    mark, role = _LOOKS[health.state]
    is_failing = _is_failing(one)
    if is_failing and role == "good":
        mark, role = "▲ ", "warn"
    blocks_behind, latency_ms = (None, None) if is_failing else (one.blocks_behind, health.latency_ms)
    per_min = None if health.requests_per_s is None else round(health.requests_per_s * 60)
    cells = (
        sight.span(Span(f"{mark}{health.state}", role)),
        Span(inert(health.name.removeprefix("https://"), 100)),
        Span(number(health.head_number), "muted" if is_failing else "plain"),
        Span(number(blocks_behind), "warn" if blocks_behind else "muted"),
        Span(milliseconds(latency_ms)),
        Span(number(health.requests_last_minute), "muted"),
        Span(number(per_min), "muted"),
        Span(number(one.sends_taken), "muted"),
        _trouble(one, sight.at),
    )
    return Row(key, (cells[0], *sight.line(cells[1:])), copy=health.name)


def _is_failing(one: EndpointReport) -> bool:
    """Tell whether it did not answer when it was asked last: how far and how fast it is now is not known."""
    is_asked = one.health.state is not EndpointState.WRONG_CHAIN
    return is_asked and (one.failures_in_a_row > 0 or one.probe_at is not None)


def _trouble(one: EndpointReport, now: float) -> Span:
    """Return what was last wrong, and how long an endpoint that is out for it stays so."""
    health = one.health
    if health.error_at is None:
        return Span("none", "muted")
    told = f"{health.fault or 'trouble'} {calm_age(health.error_at, now)}: {inert(health.error, 200)}"
    rest = _rest(one, now)
    is_out = health.state not in (EndpointState.IN_USE, EndpointState.STANDBY)
    return Span(f"{rest}, {told}" if rest else told, "warn" if is_out else "muted")


def _rest(one: EndpointReport, now: float) -> str:
    if one.paused_until is not None and one.paused_until > now:
        return f"paused for {duration(one.paused_until - now)}"
    if one.probe_at is None:
        return ""
    return f"probe in {duration(one.probe_at - now)}" if one.probe_at > now else "probe due"


def endpoint_details(one: EndpointReport, now: float) -> Details:
    """Return all there is to know of an endpoint."""
    health = one.health
    _, role = _LOOKS[health.state]
    is_failing = _is_failing(one)
    role = "warn" if is_failing and role == "good" else role
    was_fast = is_failing and health.latency_ms is not None
    budget = UNKNOWN if health.requests_per_s is None else f"at most {health.requests_per_s:g} a second"
    asked = f"{number(health.requests_last_minute)} in the last minute, {number(one.requests)} in all"
    found = [
        Detail("endpoint", health.name, "strong"),
        Detail("state", str(health.state), role),
        Detail("chain id", UNKNOWN if one.chain_id is None else str(one.chain_id)),
        Detail("first block", one.genesis_hash or "not told: it may not keep old blocks"),
        Detail("head", f"{number(health.head_number)}, {number(one.blocks_behind)} behind the best"),
        Detail("latency", f"{milliseconds(health.latency_ms)} on average{', before it failed' * was_fast}"),
        Detail("budget", f"{budget}, {one.requests_left:g} left at once (CORTENSOR_TUI_REQUESTS_PER_S)"),
        Detail("asked", asked),
        Detail("failed", f"{number(one.failures)} in all, {one.failures_in_a_row} in a row"),
        Detail("breaker", _breaker(one, now), "plain" if one.probe_at is None else "warn"),
        Detail("sends", f"{number(one.sends_taken)} taken, {number(one.sends_not_taken)} not taken"),
    ]
    if health.error_at is not None:
        found.append(Detail("last trouble", f"{health.fault}: {health.error}", "warn"))
        found.append(Detail("", f"{moment(health.error_at)}, {calm_age(health.error_at, now)}", "muted"))
    return found


def _breaker(one: EndpointReport, now: float) -> str:
    if one.paused_until is not None and one.paused_until > now:
        return f"it asked for a pause, which ends in {duration(one.paused_until - now)}"
    if one.probe_at is None:
        return "closed: it is asked like any other"
    if one.probe_at > now:
        return f"open: one probe is let through in {duration(one.probe_at - now)}"
    return "half open: the next request is a probe"


# --- what was found out ------------------------------------------------------------------------------


def facts(report: NetworkReport, now: float) -> list[Fact]:
    """Return everything found out about the network, in the order in which it was."""
    found = [_comparison(one) for one in report.comparisons]
    if report.head_feed is not None:
        found.append(_feed(report.head_feed, now))
    if report.origin is not None:
        found += _contracts(report.origin)
    found += [
        Fact(f"profile {one.name}", one.name, one.value, _with_setting(one.standing, one.setting))
        for one in report.values
    ]
    return found


def with_words(found: list[Fact], words: tuple[str, ...]) -> list[Fact]:
    """Return those that have all of these words, in small letters, anywhere; `probe` is one of a probe's."""
    return [
        one
        for one in found
        if all(word in f"{one.key} {one.what} {one.value} {one.origin}".lower() for word in words)
    ]


def fact_rows(found: list[Fact], sight: Sight) -> list[Row]:
    """Return them as rows."""
    return [_fact_row(one, sight) for one in found]


def _fact_row(one: Fact, sight: Sight) -> Row:
    value = inert(one.value, _MOST_CHARS) or UNKNOWN
    cells = (
        Span(inert(one.what, 80), "muted"),
        sight.span(Span(f"{one.mark} {value}", one.look)) if one.mark else Span(value, one.look),
        Span(inert(one.origin, _MOST_CHARS), "muted"),
    )
    return Row(one.key, cells, copy=one.value)


def fact_details(one: Fact) -> Details:
    """Return one fact whole."""
    return [
        Detail("what", one.what, "strong"),
        Detail("value", one.value or UNKNOWN),
        *([Detail("", one.mark, one.look)] if one.mark else ()),
        Detail("from", one.origin),
    ]


def _comparison(one: Comparison) -> Fact:
    mark, look = _SAME[one.is_same]
    value = one.theirs or "not told"
    origin = f"{one.ours} here" if one.is_same is not True else "the same here as the chain tells"
    return Fact(f"check {one.what}", one.what, value, origin, look, mark)


def _feed(feed: HeadFeedReport, now: float) -> Fact:
    if feed.health == NO_WEBSOCKET:
        return Fact(
            "feed", "WebSocket feed", feed.health, f"{feed.name} (CORTENSOR_TUI_HEAD_FEED)", "muted", "○"
        )
    is_well = feed.health == "connected"
    since = "" if feed.connected_at is None else f" since {calm_age(feed.connected_at, now)}"
    news = "no news yet" if feed.news_at is None else f"news {calm_age(feed.news_at, now)}"
    origin = f"{feed.name}, {news}, {feed.news} in all, lost {feed.losses} times (CORTENSOR_TUI_HEAD_FEED)"
    mark, look = ("●", "good") if is_well else ("▲", "warn")
    return Fact("feed", "WebSocket feed", f"{feed.health}{since}", origin, look, mark)


def _contracts(origin: ContractOrigin) -> Iterator[Fact]:
    for found in origin.addresses:
        yield Fact(
            f"contract {found.name}", found.name, found.address, _with_setting(found.source, found.setting)
        )
    how = "probed by the calls below" if origin.is_probed else "set, not probed"
    yield Fact(
        "generation", "generation", str(origin.generation), _with_setting(how, "CORTENSOR_TUI_GENERATION")
    )
    for probe in origin.probes:
        yield Fact(f"probe {probe.call}", probe.call, probe.answer, probe.meaning)
    for index, warning in enumerate(origin.warnings):
        yield Fact(f"warning {index}", "warning", warning, "found at start", "warn", "▲")


def _with_setting(origin: str, setting: str) -> str:
    return f"{origin} · {setting}" if setting and setting not in origin else origin
