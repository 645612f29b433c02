"""A task filter as SQL, except for its texts: those are not in the journal, only their content ids."""

from __future__ import annotations

import json
from typing import Any

from cortensor_tui.domain.list_orders import TaskOrder
from cortensor_tui.domain.task_filter import (
    Compares,
    Comparison,
    Condition,
    HashIs,
    HasText,
    Measure,
    SessionIs,
    StageIs,
    TaskFilter,
    TaskIs,
    Term,
)
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.journal.paging import Rows, among, begins, of_hash, text_bounds

MOST_ASKED_ROWS = 5_000
_ORDER: tuple[str, ...] = ("assigned_at", "session_id", "task_id")
_OTHER_ORDERS: dict[TaskOrder, tuple[str, tuple[str, ...]]] = {
    TaskOrder.TASK: ("sqlite_autoindex_tasks_1", ("session_id", "task_id")),
    TaskOrder.DUE: ("tasks_by_due", ("due", "session_id", "task_id")),
    TaskOrder.TOOK: ("tasks_by_took", ("took_s", "session_id", "task_id")),
    TaskOrder.TOKENS: ("tasks_by_tokens", ("answer_tokens", "session_id", "task_id")),
}
_OPEN = frozenset(stage for stage in Stage if not stage.is_final)
_NOT_ENDED = frozenset(Stage) - {Stage.ENDED}
_MEASURES = {
    Measure.AGE: ":now - assigned_at",
    Measure.TOOK: "coalesce(ended_at, :now) - assigned_at",
    Measure.TOKENS: "nullif(answer_tokens, -1)",
}


def task_rows(
    chain: int,
    session_id: int | None,
    wanted: TaskFilter,
    now: float,
    order: TaskOrder = TaskOrder.ASSIGNED,
) -> Rows:
    """Return where to read the tasks of a filter; what it says of texts is not asked here.

    A hash leads to its few tasks. In the usual order one session, or stages other than `ended`, lead to an
    index that has just those, and ages bound how far it is read. Every other order has one index, and each
    row is asked.
    """
    values: dict[str, Any] = {"chain": chain, "now": now}
    terms = [term for term in wanted.terms if not isinstance(term.condition, HasText)]
    if session_id is not None:
        terms.insert(0, Term(SessionIs((session_id,))))
    columns = _ORDER if order is TaskOrder.ASSIGNED else _OTHER_ORDERS[order][1]
    if (by_hash := _led_by_hash(terms, values)) is not None:
        index, where, rest = by_hash
    elif order is TaskOrder.ASSIGNED:
        index, where, rest = _led_by_session(terms, values) or _led_by_stages(terms)
        bounds = (_bound(term, f"bound_{number}", values) for number, term in enumerate(rest))
        where = [*where, *(bound for bound in bounds if bound)]
    else:
        index, where, rest = _OTHER_ORDERS[order][0], [], terms
    conditions = [_term(term, f"value_{number}", values) for number, term in enumerate(rest)]
    return Rows(
        table="tasks",
        led_by=index,
        where=" AND ".join(["chain = :chain", *where]),
        order=columns,
        values=values,
        condition=" AND ".join(conditions) or "1",
        most_asked=MOST_ASKED_ROWS,
    )


def text_terms(wanted: TaskFilter) -> TaskFilter:
    """Return the part of a filter that only a task's texts can answer."""
    return TaskFilter(tuple(term for term in wanted.terms if isinstance(term.condition, HasText)))


_Lead = tuple[str, list[str], list[Term]]
"""An index, what it is read for, and the terms that are left to be asked of each row."""


def _led_by_hash(terms: list[Term], values: dict[str, Any]) -> _Lead | None:
    for term in terms:
        if isinstance(term.condition, HashIs) and not term.is_negated and term.condition.begin[:2] == "0x":
            values |= text_bounds(term.condition.begin, "hash")
            rest = [one for one in terms if one is not term]
            return "sqlite_autoindex_tasks_1", [f"(session_id, task_id) IN ({_tasks_of_hash('hash')})"], rest
    return None


def _tasks_of_hash(name: str) -> str:
    """Return the query for the tasks whose answer's hash, or a transaction's, begins so."""
    answered = "FROM tasks INDEXED BY tasks_by_answer_hash WHERE chain = :chain AND answer_hash IS NOT NULL"
    return (
        f"SELECT session_id, task_id {answered} AND {begins('answer_hash', name)}"
        f" UNION {of_hash(name, 'session_id, task_id')}"
    )


def _led_by_session(terms: list[Term], values: dict[str, Any]) -> _Lead | None:
    for term in terms:
        if isinstance(term.condition, SessionIs) and len(term.condition.ids) == 1 and not term.is_negated:
            values["session"] = term.condition.ids[0]
            return "tasks_of_session", ["session_id = :session"], [one for one in terms if one is not term]
    return None


def _led_by_stages(terms: list[Term]) -> _Lead:
    allowed = frozenset(Stage)
    for term in terms:
        if isinstance(term.condition, StageIs):
            stages = frozenset(term.condition.stages)
            allowed = allowed - stages if term.is_negated else allowed & stages
    rest = [term for term in terms if not isinstance(term.condition, StageIs)]
    if allowed <= _OPEN:
        return "tasks_open", ["stage NOT IN ('ended', 'missed')"], rest if allowed == _OPEN else terms
    if allowed <= _NOT_ENDED:
        return "tasks_not_ended", ["stage != 'ended'"], rest if allowed == _NOT_ENDED else terms
    return "tasks_by_place", [], terms


def _bound(term: Term, name: str, values: dict[str, Any]) -> str | None:
    """Return a bound of the order that an age sets, a second wide of it: the row itself is asked exactly."""
    condition = term.condition
    if term.is_negated or not isinstance(condition, Compares) or condition.measure is not Measure.AGE:
        return None
    is_older = condition.comparison in (Comparison.MORE, Comparison.AT_LEAST)
    values[name] = values["now"] - condition.number + (1 if is_older else -1)
    return f"assigned_at {'<' if is_older else '>'} :{name}"


def _term(term: Term, name: str, values: dict[str, Any]) -> str:
    met = f"coalesce({_condition(term.condition, name, values)}, 0)"
    return f"NOT {met}" if term.is_negated else met


def _condition(condition: Condition, name: str, values: dict[str, Any]) -> str:
    match condition:
        case StageIs(stages):
            values[name] = json.dumps(stages)
            return among("stage", name)
        case SessionIs(ids):
            values[name] = json.dumps(ids)
            return among("session_id", name)
        case TaskIs(ids, keys):
            values[name], values[f"{name}_keys"] = json.dumps(ids), json.dumps(keys)
            pairs = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]')"
            is_one = f"(session_id, task_id) IN ({pairs} FROM json_each(:{name}_keys))"
            return f"({among('task_id', name)} OR {is_one})"
        case HashIs(begin):
            values |= text_bounds(begin, name)
            of_texts = f"{begins('answer_cid', name)} OR {begins('prompt_cid', name)}"
            return f"({of_texts} OR (session_id, task_id) IN ({_tasks_of_hash(name)}))"
        case Compares(measure, comparison, number):
            values[name] = number
            return f"{_MEASURES[measure]} {comparison.value} :{name}"
        case HasText():
            raise ValueError("texts are not in the journal")
