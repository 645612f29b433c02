"""The view is a pure fold: what was told one by one is what a fresh snapshot tells."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.folding import (
    MAX_ANSWER_CHARS,
    MAX_RATES,
    MAX_TASKS,
    MAX_TRANSACTIONS,
    apply,
    from_snapshot,
)
from cortensor_tui.dashboard.state import NodeView, SequenceGapError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.live_messages import InferenceFinished, InferenceStarted, RateSampled, TokensStreamed
from cortensor_tui.node.messages import (
    Change,
    ChangeBody,
    SessionsChanged,
    Snapshot,
    StatusChanged,
    TaskChanged,
    TransactionChanged,
)

from . import samples

TASKS = st.builds(samples.task, st.integers(1, 30), st.sampled_from(Stage))
TRANSACTIONS = st.builds(
    samples.transaction,
    st.integers(1, 30),
    st.sampled_from(TransactionKind),
    st.sampled_from(TransactionState),
)
CHANGES = st.lists(
    st.one_of(
        st.builds(TaskChanged, TASKS),
        st.builds(TransactionChanged, TRANSACTIONS),
        st.builds(RateSampled, st.floats(0, 500)),
        st.builds(SessionsChanged, st.sampled_from([(), samples.sessions()])),
        st.just(StatusChanged(samples.blocked())),
    ),
    max_size=40,
)


def told(view: NodeView, bodies: list[ChangeBody]) -> NodeView:
    for body in bodies:
        view = apply(view, Change(sequence=view.sequence + 1, body=body))
    return view


@given(CHANGES)
def test_a_fold_over_changes_equals_a_fresh_snapshot(bodies: list[ChangeBody]) -> None:
    first = samples.snapshot()
    view = told(from_snapshot(first), bodies)
    assert view == from_snapshot(_as_the_node_has_it(first, bodies))


def _as_the_node_has_it(first: Snapshot, bodies: list[ChangeBody]) -> Snapshot:
    """Keep a node's own books, in dicts, without the code under test."""
    tasks = {task.key: task for task in first.tasks}
    sent = {one.transaction_id: one for one in first.transactions}
    status, sessions, rates = first.status, first.sessions, list(first.rates)
    for body in bodies:
        match body:
            case TaskChanged():
                tasks[body.task.key] = body.task
            case TransactionChanged():
                sent[body.transaction.transaction_id] = body.transaction
            case RateSampled():
                rates.append(body.tokens_per_s)
            case SessionsChanged():
                sessions = body.sessions
            case StatusChanged():
                status = body.status
    return msgspec.structs.replace(
        first,
        sequence=first.sequence + len(bodies),
        tasks=tuple(tasks.values()),
        transactions=tuple(sent.values()),
        status=status,
        sessions=sessions,
        rates=tuple(rates),
    )


def test_streamed_text_grows_the_answer_of_its_own_task_only() -> None:
    key = TaskKey(7, 13)
    idle = from_snapshot(samples.snapshot(live=None))
    view = told(idle, [InferenceStarted(samples.live(key=key, answer=""))])
    view = told(view, [_tokens(key, "one "), _tokens(TaskKey(7, 99), "alien"), _tokens(key, "two")])
    assert view.live is not None
    assert view.live.answer == "one two"
    view = told(view, [InferenceFinished(key=key, finished=samples.finished(), error="")])
    assert view.live is not None
    assert view.live.finished == samples.finished()


def test_an_error_stays_with_the_run_and_goes_with_the_next() -> None:
    view = from_snapshot(samples.snapshot())
    view = told(view, [InferenceFinished(key=TaskKey(7, 12), finished=None, error="the engine died")])
    assert view.live is not None
    assert view.live.error == "the engine died"
    after = told(view, [InferenceStarted(samples.live())]).live
    assert after is not None
    assert after.error == ""


KEYS = st.builds(TaskKey, st.just(7), st.integers(1, 4))
RUN_CHANGES = st.lists(
    st.one_of(
        st.builds(lambda key: InferenceStarted(samples.live(key=key, answer="")), KEYS),
        st.builds(lambda key, text: _tokens(key, f"{key.task_id}{text}"), KEYS, st.sampled_from("abc")),
        st.builds(lambda key: InferenceFinished(key=key, finished=samples.finished()), KEYS),
    ),
    max_size=60,
)


@given(RUN_CHANGES)
def test_of_runs_that_go_on_at_once_no_text_is_mixed_and_none_is_lost(bodies: list[ChangeBody]) -> None:
    view = told(from_snapshot(samples.snapshot(live=None)), bodies)
    texts: dict[TaskKey, str] = {}  # of the runs going on, in the order of their starts
    over: tuple[TaskKey, str] | None = None
    for body in bodies:
        match body:
            case InferenceStarted():
                texts.pop(body.live.key, None)
                texts[body.live.key], over = "", None
            case TokensStreamed() if body.key in texts:
                texts[body.key] += body.text
            case InferenceFinished() if body.key in texts:
                over = body.key, texts.pop(body.key)
    assert [(run.key, run.answer) for run in view.going_on] == list(texts.items())
    assert [run.key for run in view.runs if run.is_over] == ([] if over is None else [over[0]])
    shown = list(texts.items())[-1] if texts else over
    assert shown == (None if view.live is None else (view.live.key, view.live.answer))


def test_a_node_of_before_there_were_several_runs_tells_its_one() -> None:
    view = from_snapshot(samples.snapshot(live=samples.live(), runs=()))
    assert view.runs == (samples.live(),) == view.going_on


def test_a_gap_asks_for_a_fresh_snapshot() -> None:
    view = from_snapshot(samples.snapshot())
    with pytest.raises(SequenceGapError):
        apply(view, Change(sequence=view.sequence + 2, body=RateSampled(1.0)))
    with pytest.raises(SequenceGapError):
        apply(None, Change(sequence=1, body=RateSampled(1.0)))


def test_a_change_seen_before_alters_nothing() -> None:
    view = from_snapshot(samples.snapshot())
    assert apply(view, Change(sequence=view.sequence, body=RateSampled(1.0))) is view


def test_everything_kept_is_bounded() -> None:
    view = from_snapshot(samples.snapshot())
    bodies: list[ChangeBody] = []
    for n in range(1, 260):
        bodies.append(TaskChanged(samples.task(n, Stage.ENDED)))
        bodies.append(TransactionChanged(samples.transaction(n, TransactionKind.ACK, TransactionState.MINED)))
        bodies.append(RateSampled(1.0))
        bodies.append(_tokens(TaskKey(7, 12), "x" * 200))
    view = told(view, bodies)
    assert len(view.tasks) == MAX_TASKS
    assert view.tasks[-1].key == TaskKey(7, 259)
    assert len(view.transactions) == MAX_TRANSACTIONS
    assert view.transactions[-1].transaction_id == 259
    assert len(view.rates) == MAX_RATES
    assert view.live is not None
    assert len(view.live.answer) == MAX_ANSWER_CHARS


def _tokens(key: TaskKey, text: str) -> TokensStreamed:
    return TokensStreamed(
        key=key, text=text, token_count=2, prompt_tokens=31, first_token_ms=80.0, tokens_per_s=40.0
    )
