"""What the node depends on: how each stands in a word, the number that matters, and what else there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.format import (
    UNKNOWN,
    calm_age,
    ether,
    milliseconds,
    number,
    rough_age,
    rough_number,
    short_hash,
)
from cortensor_tui.dashboard.present.engine import engine_news, engine_sizes, progress, restarts_of
from cortensor_tui.dashboard.present.freshness import ACCOUNT_FRESH_S, OLD, Look, Sight
from cortensor_tui.dashboard.present.ipfs import ipfs_facts, ipfs_word
from cortensor_tui.dashboard.present.past import past_words
from cortensor_tui.domain.endpoints import EndpointHealth, EndpointState
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import ChainHealth, IpfsHealth, NodeStatus, Verdict
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.quantities import percent, rough_gwei

GOOD, WARN, BAD, UNSURE = ("●", "good"), ("▲", "warn"), ("✖", "bad"), ("○", "muted")
_FIT = (EndpointState.IN_USE, EndpointState.STANDBY, EndpointState.UNKNOWN)
_OF_CHAIN = ("head", "gas", "registry")
"""What is read of the chain again and again."""
_FEW_TASKS = 20
_MANY_WEI = 100 * 10**18
"""A balance of so much needs no small change."""
_LOW_BUDGET_PERCENT = 20
_ENGINE_LOOKS = {
    EngineState.READY: GOOD,
    EngineState.BUSY: ("●", "accent"),
    EngineState.STARTING: WARN,
    EngineState.LOADING: WARN,
    EngineState.FAILED: BAD,
    EngineState.STOPPED: UNSURE,
}


class Dependency(NamedTuple):
    """One of them. `facts` come in the order of their weight: what does not fit is left out from the end.

    `news` is what has just happened to it, and gets a line of its own.
    """

    label: str
    look: Look
    word: str
    facts: tuple[Line, ...]
    news: Line = ()


def dependencies(status: NodeStatus, sight: Sight) -> list[Dependency]:
    """Return all of them, in the order in which an operator would mend them; the tally of tasks is last."""
    found = [told(status, sight) for told in (_OF_WATCHER if status.is_watching else _ALL)]
    if status.store.ipfs is not None:
        place = next(place for place, one in enumerate(found, 1) if one.label == "store")
        found.insert(place, _ipfs(status.store.ipfs))
    is_unread = not sight.is_past and sight.of_chain(status.chain).is_past
    return [_as_last_read(one) if is_unread and one.label in _OF_CHAIN else one for one in found]


def _as_last_read(one: Dependency) -> Dependency:
    """Return what was read of a chain that does not answer now: its figures stay, and nothing looks sure."""
    word = one.word if one.look == UNSURE else "not read"
    facts = tuple(tuple(Span(span.text, "muted") for span in fact) for fact in one.facts)
    return Dependency(one.label, UNSURE, word, facts)


def _chain(status: NodeStatus, sight: Sight) -> Dependency:
    chain = status.chain
    network = line((inert(chain.network, 40), "muted"))
    if chain.error:
        return Dependency("chain", BAD, "not read", (line((inert(chain.error, 200), "bad")), network))
    if chain.unread_since is not None and chain.head_number is not None:
        told = line((f"told last {calm_age(chain.unread_since, sight.now)}", "warn"))
        return Dependency("chain", WARN, "no answer", (told, network))
    if chain.head_number is None:
        return Dependency("chain", UNSURE, "connecting", (line((inert(chain.endpoint, 60), "muted")),))
    out = [one for one in chain.endpoints if one.state not in _FIT]
    counted = _endpoints(chain.endpoints, out)
    latency = line(milliseconds(chain.latency_ms))
    facts = (*((counted, latency) if out else (latency, *((counted,) if counted else ()))), network)
    return Dependency("chain", WARN if out else GOOD, "answers", (*facts, _chain_id(chain)))


def _endpoints(all_of_them: tuple[EndpointHealth, ...], out: list[EndpointHealth]) -> Line:
    """Return how many endpoints there are, and how many of them are out, by what they are out for."""
    if len(all_of_them) < 2:
        return ()
    if not out:
        return line((f"{len(all_of_them)} endpoints", "muted"))
    named = ", ".join(f"{count} {state}" for state, count in Counter(one.state.value for one in out).items())
    return line((f"{len(out)} of {len(all_of_them)} endpoints out", "warn"), (f" ({named})", "muted"))


def _chain_id(chain: ChainHealth) -> Line:
    return line((f"chain {UNKNOWN if chain.chain_id is None else chain.chain_id}", "muted"))


def _head(status: NodeStatus, sight: Sight) -> Dependency:
    chain = status.chain
    if chain.head_number is None or chain.head_seen_at is None:
        return Dependency("head", UNSURE, "unknown", ())
    is_late = sight.is_late(chain)
    since = calm_age(chain.head_seen_at, sight.now)
    if sight.of_chain(chain).is_past:  # nothing of the past is "now"
        since = f"{rough_age(chain.head_seen_at, sight.now)} ago"
    age = line((since, "warn" if is_late else "muted"))
    facts = [line(number(chain.head_number)), age]
    if is_late:
        facts.reverse()  # the age is what is wrong
    if chain.head_feed:
        is_lost = chain.head_feed.startswith("lost")  # then looks come late
        facts.append(line((f"feed {inert(chain.head_feed, 60)}", "warn" if is_lost else "muted")))
    return Dependency("head", OLD if is_late else GOOD, "late" if is_late else "current", tuple(facts))


def _engine(status: NodeStatus, sight: Sight) -> Dependency:
    engine = status.engine
    look, word = _ENGINE_LOOKS[engine.state], str(engine.state)
    if engine.silent_since is not None:
        look, word = WARN, "silent"
    model = inert(engine.model, 60) or "no model"
    facts = [line(model if engine.loading_for is None else f"{model} for session {engine.loading_for}")]
    if engine.error:
        facts.insert(0, line((inert(engine.error, 160), "bad")))
    elif engine.load_progress is not None and engine.state in (EngineState.LOADING, EngineState.STARTING):
        facts.insert(0 if engine.loading_for is None else 1, progress(engine.load_progress))
    if engine.step and not engine.error:
        facts.insert(0, line((engine.step, "muted")))
    news = engine_news(engine, sight)
    if engine.restarts and not news:
        facts.append(line((restarts_of(engine), "warn")))
    facts += [line((text, "muted")) for text in engine_sizes(engine)]
    return Dependency("engine", look, word, tuple(facts), news)


def _store(status: NodeStatus, _: Sight) -> Dependency:
    store = status.store
    place = line(inert(store.kind, 20), (f" {_tail(inert(store.location, 200), 30)}", "muted"))
    if store.error or not store.is_writable:
        error = inert(store.error, 200) or "it cannot be written"
        return Dependency("store", BAD, "not writable", (line((error, "bad")), place))
    return Dependency("store", GOOD, "writable", (place,))


def _ipfs(ipfs: IpfsHealth) -> Dependency:
    """Tell of the IPFS nodes, where any are set. No trouble of theirs keeps tasks from being answered."""
    is_well = not (ipfs.error or ipfs.out or ipfs.waiting)
    look = UNSURE if ipfs.out is None else GOOD if is_well else WARN
    return Dependency("ipfs", look, ipfs_word(ipfs), ipfs_facts(ipfs))


def _tail(path: str, cells: int) -> str:
    """Return the end of a path, which tells more than its start."""
    return path if len(path) <= cells else "…" + path[-(cells - 1) :]


def _key(status: NodeStatus, _: Sight) -> Dependency:
    account, gas = status.node, status.gas
    facts = [line(short_hash(inert(account.address, 64)))]
    left = _budget(gas)
    if left:
        facts.append(left)
    if account.unlocked_from:
        facts.append(line((f"from {inert(account.unlocked_from, 60)}", "muted")))
    unmet = next((one for one in status.preconditions if one.name.startswith("the key may sign")), None)
    if unmet is not None and unmet.is_met is False:
        return Dependency("key", BAD, "may not sign", (facts[0], line((inert(unmet.detail, 160), "bad"))))
    return Dependency("key", GOOD, "unlocked", tuple(facts))


def _no_engine(_: NodeStatus, __: Sight) -> Dependency:
    return Dependency("engine", UNSURE, "not needed", ())


def _no_key(status: NodeStatus, _: Sight) -> Dependency:
    facts = (line(short_hash(inert(status.node.address, 64))), line(("nothing is signed here", "muted")))
    return Dependency("key", UNSURE, "not here", facts)


def _budget(gas: GasOutlook) -> Line:
    """Return what the key may still pay today; what is left of a budget nearly used up is said in warning."""
    if gas.day_left_wei is None or gas.day_budget_wei is None:
        return ()
    left, budget = int(gas.day_left_wei), int(gas.day_budget_wei)
    role = "warn" if 100 * left < _LOW_BUDGET_PERCENT * budget or not left else "plain"
    return line((f"{percent(left, budget)} gas left today", role), (f" of {ether(budget, 4)}", "muted"))


def _gas(status: NodeStatus, sight: Sight) -> Dependency:
    account, gas = status.node, status.gas
    if account.balance_wei is None:
        return Dependency("gas", UNSURE, "unknown", (line(("its balance is not read yet", "muted")),))
    problem = status.problem
    is_short = status.verdict is Verdict.BLOCKED and problem is not None and problem.code == "no_balance"
    is_low = gas.tasks_left is not None and gas.tasks_left < _FEW_TASKS
    is_old = sight.is_old(account.read_at, ACCOUNT_FRESH_S)
    places = 4 if int(account.balance_wei) < _MANY_WEI else 1
    balance = line((ether(account.balance_wei, places), "stale" if is_old else "plain"))
    facts = [balance, _tasks_left(gas)]
    if is_low and not is_short:
        facts.reverse()  # for how long it lasts is what is wrong
    if is_old:
        facts.append(line((f"read {calm_age(account.read_at, sight.now)}", "warn")))
    if gas.price_wei is not None:
        facts.append(line((f"{rough_gwei(int(gas.price_wei))} a unit", "muted")))
    is_none = account.balance_wei == "0"
    if is_short or is_low:
        return Dependency("gas", BAD if is_short else WARN, "none" if is_none else "low", tuple(facts))
    if is_old:
        return Dependency("gas", OLD, "unsure", tuple(facts))
    return Dependency("gas", GOOD, "none" if is_none else "enough", tuple(facts))


def _tasks_left(gas: GasOutlook) -> Line:
    if gas.price_wei == "0":
        return line(("gas costs nothing here", "muted"))
    if gas.price_wei is None:
        return line(("tasks left unknown, the price is not read yet", "muted"))
    if gas.tasks_left is None:
        return line(("tasks left unknown until one is done", "muted"))
    role = "warn" if gas.tasks_left < _FEW_TASKS else "plain"
    tasks = f"≈ {rough_number(gas.tasks_left)} tasks"
    return line((tasks, role), (" left", role), (" at this price", "muted"))


def _registration(status: NodeStatus, _: Sight) -> Dependency:
    told = status.registration
    detail = line((inert(told.detail, 160), "muted"))
    if told.is_registered is None:
        return Dependency("registry", UNSURE, "unknown", (detail,))
    look, word = (GOOD, "registered") if told.is_registered else (WARN, "not registered")
    return Dependency("registry", look, word, (detail,))


def _tasks(status: NodeStatus, sight: Sight) -> Dependency:
    if status.answered_tasks is None:
        return Dependency("tasks", UNSURE, "unknown", ())
    answered = line((f"{number(status.answered_tasks)} answered", "plain"))
    missed = line((f"{number(status.missed_tasks)} missed", "warn" if status.missed_tasks else "muted"))
    if status.past is not None:
        told = line((past_words(status.past, sight.now), "muted"))
        return Dependency("tasks", UNSURE, "past", (answered, missed, told))
    return Dependency("tasks", GOOD, "counted", (answered, missed))


_ALL: tuple[Callable[[NodeStatus, Sight], Dependency], ...] = (
    _chain,
    _head,
    _engine,
    _store,
    _key,
    _gas,
    _registration,
    _tasks,
)
_OF_WATCHER = (_chain, _head, _no_engine, _store, _no_key, _gas, _registration, _tasks)
