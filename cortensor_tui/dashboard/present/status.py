"""The node's status as labelled facts, in two columns where the pane is low, in one where it is tall."""

from __future__ import annotations

from collections import Counter

from cortensor_tui.dashboard.cells import Line, Span, clip, line, pad, spread
from cortensor_tui.dashboard.format import UNKNOWN, age, ether, mebibytes, milliseconds, number
from cortensor_tui.domain.endpoints import EndpointHealth, EndpointState
from cortensor_tui.domain.health import Account, ChainHealth, NodeStatus
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import EngineHealth, EngineState

_LABEL_CELLS = 9
_AGES_SHOWN_FROM_S = 20.0
"""Twice the node's own interval for balances and heads: younger than that is simply current."""
_DIM_FROM_S = 50.0
_FIT = (EndpointState.IN_USE, EndpointState.STANDBY, EndpointState.UNKNOWN)
_ENGINE_MARKS = {
    EngineState.READY: ("●", "good"),
    EngineState.BUSY: ("●", "accent"),
    EngineState.STARTING: ("○", "warn"),
    EngineState.LOADING: ("○", "warn"),
    EngineState.FAILED: ("✖", "bad"),
    EngineState.STOPPED: ("○", "muted"),
}


def low_lines(status: NodeStatus, width: int) -> list[Line]:
    """Return the facts that seldom change, in four lines."""
    facts = [
        ("node", _address(status.node)),
        ("network", _network(status.chain, has_room=False)),
        ("engine", engine_spans(status.engine)),
        ("store", _store(status)),
    ]
    return [clip(_fact(label, spans), width) for label, spans in facts]


def moving_lines(status: NodeStatus, now: float, width: int) -> list[Line]:
    """Return the facts that keep changing, at the right of `low_lines`."""
    chain = status.chain
    facts = [
        _balance(status.node, now),
        (*_head(chain, now), *_latency(chain)),
        line((_context(status.engine, has_room=False), "muted")),
        _tally(status),
    ]
    return [spread((), (*spans, Span(" ")), width) for spans in facts]


def tall_lines(status: NodeStatus, now: float, width: int) -> list[Line]:
    """Return all facts, one below the other."""
    facts = [
        ("node", _address(status.node)),
        ("balance", _balance(status.node, now)),
        ("network", _network(status.chain, has_room=True)),
        ("head", (*_head(status.chain, now)[1:], *_latency(status.chain))),
        ("engine", engine_spans(status.engine)),
        ("", line((_context(status.engine, has_room=True), "muted"))),
        ("store", _store(status)),
        ("tasks", _tally(status)),
    ]
    return [clip(_fact(label, spans), width) for label, spans in facts]


def _fact(label: str, spans: Line) -> Line:
    return (Span(f" {pad(label, _LABEL_CELLS)}", "muted"), *spans)


def _address(account: Account) -> Line:
    return line(inert(account.address, 64) or UNKNOWN)


def _balance(account: Account, now: float) -> Line:
    if account.balance_wei is None:
        return line(("balance unknown", "warn"))
    role, remark = _aged(account.read_at, now)
    return line((ether(account.balance_wei), role), (remark, "muted"))


def _network(chain: ChainHealth, *, has_room: bool) -> Line:
    chain_id = "chain unknown" if chain.chain_id is None else f"chain {chain.chain_id}"
    facts = [line((f" · {chain_id}", "muted")), _endpoints(chain.endpoints, has_room=has_room)]
    if not has_room:
        facts.reverse()  # what is cut off is what stays the same
    named = (*line(inert(chain.network, 40)), *facts[0], *facts[1])
    return (*named, Span(f" · {inert(chain.error, 80)}", "bad")) if chain.error else named


def _endpoints(endpoints: tuple[EndpointHealth, ...], *, has_room: bool) -> Line:
    """Return how many endpoints there are, and how many of them are out, by what they are out for."""
    if len(endpoints) < 2:
        return ()
    out = Counter(one.state.value for one in endpoints if one.state not in _FIT)
    if not out:
        return line((f" · {len(endpoints)} endpoints", "muted"))
    if not has_room:
        return line((f" · {out.total()} of {len(endpoints)} endpoints out", "warn"))
    named = ", ".join(f"{count} {state}" for state, count in out.items())
    return line((f" · of {len(endpoints)} endpoints {named}", "warn"))


def _head(chain: ChainHealth, now: float) -> Line:
    if chain.head_number is None:
        return line(("head ", "muted"), ("unknown", "warn"))
    role, _ = _aged(chain.head_seen_at, now)
    return line(
        ("head ", "muted"),
        (number(chain.head_number), role),
        (f", {age(chain.head_seen_at, now)} ago", "muted"),
    )


def _latency(chain: ChainHealth) -> Line:
    return () if chain.latency_ms is None else line((f" · {milliseconds(chain.latency_ms)}", "muted"))


def _aged(read_at: float | None, now: float) -> tuple[str, str]:
    """Return the look of a value and a remark on its age."""
    if read_at is None:
        return "plain", ""
    age_s = now - read_at
    if age_s < _AGES_SHOWN_FROM_S:
        return "plain", ""
    return ("stale" if age_s >= _DIM_FROM_S else "plain"), f" · {age(read_at, now)}"


def engine_spans(engine: EngineHealth) -> Line:
    """Return state and model of the engine; while it loads, how far."""
    mark, role = _ENGINE_MARKS[engine.state]
    spans = line((f"{mark} ", role), (str(engine.state), role), f" {inert(engine.model, 60) or 'no model'}")
    if engine.error:
        return (*spans, Span(f" · {inert(engine.error, 80)}", "bad"))
    if engine.state is EngineState.LOADING and engine.load_progress is not None:
        return (spans[0], spans[1], Span(f" {_progress(engine.load_progress)}", "warn"), spans[2])
    return spans


def _progress(fraction: float, cells: int = 10) -> str:
    done = max(0, min(cells, round(fraction * cells)))
    return f"{'━' * done}{'╌' * (cells - done)} {fraction:.0%}"


def _context(engine: EngineHealth, *, has_room: bool) -> str:
    """Return context, memory and restarts; where room is scarce, memory gives way to restarts."""
    context = (
        "context unknown" if engine.context_tokens is None else f"context {number(engine.context_tokens)}"
    )
    parts = [context]
    if engine.rss_bytes is not None and (has_room or not engine.restarts):
        parts.append(mebibytes(engine.rss_bytes))
    if engine.restarts:
        parts.append(f"{engine.restarts} restarts" if engine.restarts > 1 else "1 restart")
    return " · ".join(parts)


def _store(status: NodeStatus) -> Line:
    store = status.store
    mark, role = ("●", "good") if store.is_writable and not store.error else ("✖", "bad")
    spans = line(
        (f"{mark} ", role), inert(store.kind, 20), (f" {_tail(inert(store.location, 200), 26)}", "muted")
    )
    return (*spans, Span(f" · {inert(store.error, 80)}", "bad")) if store.error else spans


def _tail(path: str, cells: int) -> str:
    """Return the end of a path, which tells more than its start."""
    return path if len(path) <= cells else "…" + path[-(cells - 1) :]


def _tally(status: NodeStatus) -> Line:
    if status.answered_tasks is None:
        return line(("answers unknown", "muted"))
    missed_role = "warn" if status.missed_tasks else "muted"
    return line(
        (f"{number(status.answered_tasks)} answered", "plain"),
        (" · ", "muted"),
        (f"{number(status.missed_tasks)} missed", missed_role),
    )
