"""Any filter finds in the journal just what it plainly means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.task_filter import (
    Compares,
    Comparison,
    Measure,
    SessionIs,
    StageIs,
    TaskFilter,
    TaskIs,
    Term,
)
from cortensor_tui.domain.tasks import Stage, TaskView
from cortensor_tui.journal.history import History, PastTask
from tests.journal.past import NOW, write_past

TASKS = 120
_IDS = st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple)
_STAGES = st.sets(st.sampled_from(list(Stage)), min_size=1).map(tuple)
_CONDITIONS = st.one_of(
    st.builds(StageIs, _STAGES),
    st.builds(SessionIs, _IDS),
    st.builds(
        TaskIs, _IDS, st.lists(st.tuples(st.integers(0, 7), st.integers(0, 20)), max_size=3).map(tuple)
    ),
    st.builds(
        Compares,
        st.sampled_from(list(Measure)),
        st.sampled_from(list(Comparison)),
        st.one_of(st.integers(0, 40), st.integers(0, TASKS).map(lambda minutes: minutes * 60)).map(float),
    ),
)
_FILTERS = st.builds(TaskFilter, st.lists(st.builds(Term, _CONDITIONS, st.booleans()), max_size=4).map(tuple))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    path: Path = tmp_path_factory.mktemp("past") / "journal.sqlite"
    journal = write_past(path, sessions=7, tasks=TASKS, transactions=0)
    return History(journal.path, journal.chain)


@given(_FILTERS)
def test_the_journal_and_the_plain_meaning_agree(history: History, wanted: TaskFilter) -> None:
    everything = _found(history, TaskFilter())
    assert len(everything) == TASKS
    plain = [past for past in everything if wanted.matches(_view(past), NOW)]
    assert _found(history, wanted) == plain


def _found(history: History, wanted: TaskFilter) -> list[PastTask]:
    page = history.tasks(wanted, session_id=None, start=None, is_upwards=False, limit=2 * TASKS, now=NOW)
    return page.tasks


def _view(past: PastTask) -> TaskView:
    record = past.record
    return TaskView(
        key=record.key,
        stage=record.stage,
        prompt="",
        answer_tokens=record.details.answer_tokens,
        assigned_at=record.assigned_at,
        ended_at=record.ended_at,
        note=record.note,
    )
