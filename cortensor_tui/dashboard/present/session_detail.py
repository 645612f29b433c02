"""One session in full: what this node does with it, its nodes, tasks, routers and every field."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cortensor_tui.dashboard.format import UNKNOWN, number, rough_age
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.private import prompt_of
from cortensor_tui.dashboard.present.session_fields import field_entries, whose_words
from cortensor_tui.dashboard.present.tables import service_span, stage_span
from cortensor_tui.dashboard.present.task_report import cause_of
from cortensor_tui.dashboard.widgets.entry_list import Entry
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.network_models import Likeness, compare, network_model_title
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.domain.tasks import TaskView

OPENS_TASKS = "tasks"
OPENS_OLDER = "older"
OPENS_HAND_OVER = "hand over"
OPENS_ROUTER = "router:"
"""Followed by the router's address; by nothing for a new one."""
_LOADED = {
    Likeness.SAME: "which is loaded here",
    Likeness.OTHER: "which is not what is loaded here",
    Likeness.UNTOLD: "which may or may not be loaded here",
}
_LIKENESS = {Likeness.SAME: "plain", Likeness.OTHER: "warn", Likeness.UNTOLD: "muted"}
_NOT_READ = "being read from the contract …"


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one session now. `reading` and `tasks` are None until they have come.

    `tasks` are those this node knows of, newest first; `has_older` says that there are more of them,
    where `is_past_known`; else they are being asked for. `engine` is None where the node has none.
    """

    view: SessionView
    node: str
    engine: EngineHealth | None = None
    owner_key_problem: Problem | None = None
    reading: SessionReading | None = None
    tasks: tuple[TaskView, ...] | None = None
    has_older: bool = False
    is_past_known: bool = True
    problem: Problem | None = None


def session_entries(facts: SessionFacts, sight: Sight) -> list[Entry]:
    """Return the session for an `EntryList`."""
    return [
        *_here(facts, sight),
        *_nodes(facts),
        *_tasks(facts, sight),
        *_routers(facts),
        *_fields(facts, sight.now),
    ]


def _here(facts: SessionFacts, sight: Sight) -> Iterator[Entry]:
    view = facts.view
    session = view.session
    span = service_span(view, sight)
    name = inert(session.name, 200) or "(no name)"
    yield Entry("name", name, "strong", copy=inert(session.name), copy_name="name")
    why = f": {inert(view.reason, 160)}" if view.reason and view.reason not in span.text else ""
    yield Entry("this node", f"{span.text}{why}", span.role)
    state = "active" if session.is_active else "not active"
    yield Entry(
        "state", f"{state}, {session.mode_name}", copy=str(session.session_id), copy_name="session id"
    )
    owner = inert(session.owner, 64)
    yield Entry("owner", f"{owner}{whose_words(view)}", copy=owner, copy_name="owner")
    if facts.view.is_mine and facts.owner_key_problem is None:
        yield Entry("", "▸ hand it over", "accent", opens=OPENS_HAND_OVER)
    yield Entry("you may", *_may(facts))
    if view.is_private:
        withheld = "prompts and answers are withheld · p shows them"
        yield Entry(
            "private", withheld if view.is_hidden else "prompts and answers are shown here · p hides them"
        )
    yield from _model(facts)
    if session.metadata:
        text = inert(session.metadata, 2_000)
        yield Entry("metadata", text, copy=inert(session.metadata), copy_name="metadata")


def _model(facts: SessionFacts) -> Iterator[Entry]:
    """Yield which model the session asks for, and whether it is the one that this node has loaded."""
    index, engine = facts.view.session.model_identifier, facts.engine
    if index is None:
        return
    title = network_model_title(index)
    if engine is None:
        yield Entry("model", title, copy=str(index), copy_name="model's number")
        return
    found = compare(index, engine.model, engine.model_file)
    told = f"{title}, {_LOADED[found.likeness]}: {inert(found.why, 160)}"
    yield Entry("model", told, _LIKENESS[found.likeness], copy=str(index), copy_name="model's number")


def _may(facts: SessionFacts) -> tuple[str, str]:
    """Return what can be done to the session from here, and how that looks."""
    if not facts.view.is_mine:
        return "only look: somebody else owns it", "muted"
    if facts.owner_key_problem is not None:
        return f"only look: {inert(facts.owner_key_problem.what, 120)}", "warn"
    if not facts.view.session.is_active:
        return "unbind its nodes and hand it over; it is closed for good", "muted"
    return "change (e), close (x), bind (a), unbind (u), swap (m), submit (s)", "plain"


def can_change(facts: SessionFacts) -> bool:
    """Tell whether the owner's key is here, and the session open."""
    return facts.view.is_mine and facts.owner_key_problem is None and facts.view.session.is_active


def _nodes(facts: SessionFacts) -> Iterator[Entry]:
    session = facts.view.session
    bound = len(session.dedicated_nodes) + len(session.ephemeral_nodes)
    wanted = f"{bound} bound, {session.min_nodes} to {session.max_nodes} wanted"
    yield Entry("Nodes", wanted, "muted", is_heading=True)
    if not bound:
        yield Entry("", "none is bound", "muted")
    for label, addresses in (
        ("dedicated", session.dedicated_nodes),
        ("ephemeral", session.ephemeral_nodes),
    ):
        for address in addresses:
            is_this = address == facts.node
            shown = f"{inert(address, 64)}{' ◀ this node' if is_this else ''}"
            role = "accent" if is_this else "plain"
            yield Entry(label, shown, role, copy=inert(address, 64), copy_name="node's address")


def _tasks(facts: SessionFacts, sight: Sight) -> Iterator[Entry]:
    view = facts.view
    total = UNKNOWN if view.task_count is None else number(view.task_count)
    yield Entry("Tasks", f"{total} on chain", "muted", is_heading=True)
    if view.service is not Service.SERVED and view.task_count:
        why = f": {inert(view.reason, 160)}" if view.reason else ""
        yield Entry(
            "", f"This node does not serve them{why}. Those it never took are in no list here.", "warn"
        )
    if facts.tasks is None:
        yield Entry("", "being asked for …" if facts.problem is None else "not read", "muted")
        return
    if not facts.tasks:
        yield Entry("", "This node has taken none of them.", "muted")
        return
    for task in facts.tasks:
        stage = stage_span(task.stage, sight)
        cause = cause_of(task)
        about = inert(prompt_of(task), 200) if cause is None else cause.text
        text = f"{stage.text:<15} {rough_age(task.assigned_at, sight.now):>6}  {about}"
        name = str(task.key)
        yield Entry(name, text, stage.role, copy=name, copy_name="task", opens=f"task:{name}", is_cut=True)
    if not facts.is_past_known:
        yield Entry("", "older ones are being asked for …", "muted")
    elif facts.has_older:
        yield Entry("", "▾ older ones", "accent", opens=OPENS_OLDER)
    yield Entry("", "▸ all in Tasks", "accent", opens=OPENS_TASKS)


def _routers(facts: SessionFacts) -> Iterator[Entry]:
    reading = facts.reading
    count = "" if reading is None else f"{len(reading.routers)}"
    yield Entry("Routers", count, "muted", is_heading=True)
    if reading is None:
        yield Entry("", _NOT_READ if facts.problem is None else "not read", "muted")
    elif not reading.routers:
        yield Entry("", "none: only the owner submits", "muted")
    for router in reading.routers if reading else ():
        address = inert(router.address, 64)
        opens = f"{OPENS_ROUTER}{address}" if can_change(facts) and address else ""
        yield Entry("router", address or UNKNOWN, copy=address, copy_name="router", opens=opens)
        yield Entry(
            "", inert(router.text, 1_024) or "(no text)", "muted", copy=inert(router.text), copy_name="text"
        )
    if reading is not None and can_change(facts):
        yield Entry("", "▸ list another", "accent", opens=OPENS_ROUTER)


def _fields(facts: SessionFacts, now: float) -> Iterator[Entry]:
    reading = facts.reading
    if reading is None:
        yield Entry("Fields", "", is_heading=True)
    else:
        age = rough_age(reading.read_at, now)
        told = f"read {age} ago from {inert(reading.contract, 64)}, generation {reading.generation}"
        yield Entry("Fields", told, "muted", is_heading=True)
    if facts.problem is not None:
        for label, text in (
            ("not read", facts.problem.what),
            ("why", facts.problem.why),
            ("what to do", facts.problem.remedy),
        ):
            if text:
                yield Entry(label, inert(text, 300), "bad" if label == "not read" else "plain")
    if reading is None:
        if facts.problem is None:
            yield Entry("", _NOT_READ, "muted")
        return
    yield Entry("field", "decoded", "header", beside="as the contract has it")
    yield from field_entries(reading)
