"""What the oracle decides, as a table, and what must hold for every state there is."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.devnet.decisions import (
    Action,
    Assign,
    Deadlines,
    End,
    EndAck,
    EndCommit,
    EndPrecommit,
    OpenTask,
    SessionNodes,
    TaskPhase,
    TaskProgress,
    decide,
    miners_for,
)
from cortensor_tui.domain.tasks import TaskKey

KEY = TaskKey(3, 0)
DEADLINES = Deadlines(ack_s=20, precommit_s=120, commit_s=30)
BEGAN_AT = 1_000
TWO_NODES = SessionNodes(is_active=True, dedicated_nodes=("A", "B"), redundant=2, model_identifier=12)
NO_NODES = SessionNodes(is_active=True, dedicated_nodes=(), redundant=1, model_identifier=12)
CLOSED = SessionNodes(is_active=False, dedicated_nodes=("A",), redundant=1, model_identifier=12)
BY_FORCE, ANSWERED = End(key=KEY, by_force=True), End(key=KEY, by_force=False)


def task(phase: TaskPhase, *counts: int, session: SessionNodes | None = None) -> OpenTask:
    assigned, acked, precommitted, committed = (*counts, 0, 0, 0, 0)[:4]
    progress = TaskProgress(
        phase=phase,
        phase_began_at=BEGAN_AT,
        assigned=assigned,
        acked=acked,
        precommitted=precommitted,
        committed=committed,
    )
    return OpenTask(key=KEY, progress=progress, session=session)


@pytest.mark.parametrize(
    ("given", "waited_s", "expected"),
    [
        (task(TaskPhase.QUEUED), 9_999, None),
        (task(TaskPhase.QUEUED, session=NO_NODES), 9_999, None),
        (task(TaskPhase.QUEUED, session=CLOSED), 0, BY_FORCE),
        (
            task(TaskPhase.QUEUED, session=TWO_NODES),
            0,
            Assign(key=KEY, miners=("A", "B"), model_identifier=12),
        ),
        (task(TaskPhase.AWAITING_ACKS, 2), 19, None),
        (task(TaskPhase.AWAITING_ACKS, 2), 20, BY_FORCE),
        (task(TaskPhase.AWAITING_ACKS, 2, 1), 19, None),
        (task(TaskPhase.AWAITING_ACKS, 2, 1), 20, EndAck(key=KEY)),
        (task(TaskPhase.AWAITING_PRECOMMITS, 2, 2), 119, None),
        (task(TaskPhase.AWAITING_PRECOMMITS, 2, 2), 120, BY_FORCE),
        (task(TaskPhase.AWAITING_PRECOMMITS, 2, 2, 1), 120, EndPrecommit(key=KEY)),
        (task(TaskPhase.AWAITING_COMMITS, 2, 2, 2), 29, None),
        (task(TaskPhase.AWAITING_COMMITS, 2, 2, 2), 30, BY_FORCE),
        (task(TaskPhase.AWAITING_COMMITS, 2, 2, 2, 1), 30, EndCommit(key=KEY)),
        (task(TaskPhase.ANSWERED, 2, 2, 2, 1), 0, ANSWERED),
        (task(TaskPhase.ENDED, 2, 2, 2, 2), 9_999, None),
    ],
)
def test_what_is_done_in_each_phase(given: OpenTask, waited_s: int, expected: Action | None) -> None:
    assert decide(given, BEGAN_AT + waited_s, DEADLINES) == expected


def test_deadlines_are_the_network_profile_s() -> None:
    profile = load_profiles()["local"]

    assert Deadlines.of(profile) == Deadlines(
        ack_s=profile.ack_deadline_s,
        precommit_s=profile.precommit_deadline_s,
        commit_s=profile.commit_deadline_s,
    )


addresses = st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, max_size=40).map(tuple)


@given(task_id=st.integers(0, 2**32), nodes=addresses, redundant=st.integers(0, 64))
def test_an_assignment_names_bound_nodes_each_once_and_as_many_as_it_can(
    task_id: int, nodes: tuple[str, ...], redundant: int
) -> None:
    miners = miners_for(task_id, nodes, redundant)

    assert len(set(miners)) == len(miners) == min(max(1, redundant), len(nodes), 32)
    assert set(miners) <= set(nodes)


@given(nodes=addresses.filter(bool), redundant=st.integers(0, 8), first=st.integers(0, 1000))
def test_every_node_gets_the_same_share(nodes: tuple[str, ...], redundant: int, first: int) -> None:
    shares = Counter(
        miner
        for task_id in range(first, first + len(nodes))
        for miner in miners_for(task_id, nodes, redundant)
    )

    assert len(shares) == len(nodes)
    assert len(set(shares.values())) == 1


@st.composite
def open_tasks(draw: st.DrawFn) -> OpenTask:
    """A state that the contract can be in: no step has more miners than the one before it."""
    assigned = draw(st.integers(1, 5))
    acked = draw(st.integers(0, assigned))
    precommitted = draw(st.integers(0, acked))
    committed = draw(st.integers(0, precommitted))
    return task(draw(st.sampled_from(TaskPhase)), assigned, acked, precommitted, committed, session=TWO_NODES)


@given(open_tasks(), st.integers(0, 1_000))
def test_no_phase_outlasts_its_deadline_and_none_ends_before_it(given: OpenTask, waited_s: int) -> None:
    limits = {
        TaskPhase.AWAITING_ACKS: DEADLINES.ack_s,
        TaskPhase.AWAITING_PRECOMMITS: DEADLINES.precommit_s,
        TaskPhase.AWAITING_COMMITS: DEADLINES.commit_s,
    }
    limit = limits.get(given.progress.phase)
    action = decide(given, BEGAN_AT + waited_s, DEADLINES)

    if limit is not None:
        assert (action is not None) == (waited_s >= limit)
    else:
        assert (action is None) == (given.progress.phase is TaskPhase.ENDED)
    if isinstance(action, End) and action.by_force:
        has_answers = {
            TaskPhase.AWAITING_ACKS: given.progress.acked,
            TaskPhase.AWAITING_PRECOMMITS: given.progress.precommitted,
            TaskPhase.AWAITING_COMMITS: given.progress.committed,
        }
        assert has_answers[given.progress.phase] == 0
