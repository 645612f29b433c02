"""The filter of tasks: what it means, how it is written, and what a mistake says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.filter_words import FilterError
from cortensor_tui.domain.task_filter import (
    MAX_ID,
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
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView

NOW = 1_000_000.0

_IDS = st.lists(st.integers(0, MAX_ID), min_size=1, max_size=4, unique=True).map(tuple)
_KEYS = st.lists(st.tuples(st.integers(0, MAX_ID), st.integers(0, 9)), max_size=2, unique=True).map(tuple)
_STAGES = st.sets(st.sampled_from(list(Stage)), min_size=1).map(
    lambda found: tuple(stage for stage in Stage if stage in found)
)
_SECONDS = st.integers(0, 999_999_999_999).map(lambda milliseconds: milliseconds / 1000)
_COMPARES = st.one_of(
    st.builds(
        Compares, st.sampled_from([Measure.AGE, Measure.TOOK]), st.sampled_from(list(Comparison)), _SECONDS
    ),
    st.builds(
        Compares,
        st.just(Measure.TOKENS),
        st.sampled_from(list(Comparison)),
        st.integers(0, 999_999_999).map(float),
    ),
)
CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(StageIs, _STAGES),
    st.builds(SessionIs, _IDS),
    st.builds(TaskIs, _IDS, _KEYS),
    st.builds(HashIs, st.from_regex(r"0x[0-9a-f]{4,64}", fullmatch=True)),
    st.just(HashIs("bafkreif")),
    _COMPARES,
    st.builds(HasText, st.text(min_size=1, max_size=20)),
    st.builds(
        HasText,
        st.sampled_from(
            ["missed", "Open", "-x", 'a "b"', "a\\", "stage:ended", "age>3", "0x7515", "ended", "Not"]
        ),
    ),
)


def leaves_a_stage(wanted: TaskFilter) -> bool:
    stages = [
        (one.condition.stages, one.is_negated) for one in wanted.terms if isinstance(one.condition, StageIs)
    ]
    return any(all((stage in some) != is_not for some, is_not in stages) for stage in Stage)


FILTERS = st.builds(
    TaskFilter,
    st.lists(st.builds(Term, CONDITIONS, st.booleans()), max_size=5).map(tuple),
).filter(leaves_a_stage)


def task(key: str = "42/7", stage: Stage = Stage.ENDED, **changes: object) -> TaskView:
    session_id, task_id = map(int, key.split("/"))
    view = TaskView(
        key=TaskKey(session_id, task_id),
        stage=stage,
        prompt="What is the capital of France?",
        answer="Paris, of course.",
        answer_tokens=120,
        answer_hash="0xd98b" + "00" * 30,
        answer_cid="bafkreif" + "a" * 51,
        assigned_at=NOW - 300,
        ended_at=NOW - 290,
        note="seen",
    )
    return msgspec.structs.replace(view, **changes)


@given(FILTERS)
def test_a_printed_filter_reads_the_same(wanted: TaskFilter) -> None:
    assert parse(str(wanted)) == wanted


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_mistake_within_it(text: str) -> None:
    mistake: FilterError | None = None
    try:
        read = parse(text)
    except FilterError as error:
        mistake = error
    if mistake is None:
        assert parse(str(read)) == read
    else:
        assert 0 <= mistake.start <= mistake.end <= len(text)
        assert mistake.problem.remedy


@given(FILTERS)
def test_a_filter_travels_as_json(wanted: TaskFilter) -> None:
    assert msgspec.json.decode(msgspec.json.encode(wanted), type=TaskFilter) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "stage:ended",
        "stage:e",
        "STAGE:End,missed",
        "answered",
        "-missed -open",
        "age>60",
        "age<2h age>=5m age<=5m",
        "age<1d",
        "session:42",
        "session:1,42",
        "task:7",
        "task:42/7",
        "task:1/2,42/7",
        "task:1/2,7",
        "-task:42/8",
        "ended",
        "ended -missed",
        "0xD98B",
        "bafkreifaa",
        "tokens>100 tokens<=120",
        "took>5s slow>9.5 took<=10",
        "capital",
        "PARIS",
        "seen",
        '"capital of"',
        "-London",
        '-"capital of Italy"',
        "session:42 stage:end tokens>1 paris -missed",
    ],
)
def test_what_matches(text: str) -> None:
    assert parse(text).matches(task(), NOW)


@pytest.mark.parametrize(
    "text",
    [
        "stage:commit",
        "missed",
        "open",
        "-answered",
        "age>300",
        "age<300s",
        "session:4",
        "task:42",
        "task:7/42",
        "0xd98b1",
        "bafkreig",
        "acked",
        "tokens>120",
        "took>10",
        "london",
        '"of capital"',
        "-paris",
        "session:42 london",
    ],
)
def test_what_does_not_match(text: str) -> None:
    assert not parse(text).matches(task(), NOW)


def test_the_three_words_are_all_stages_each_once() -> None:
    for stage in Stage:
        matching = [w for w in ("open", "answered", "missed") if parse(w).matches(task(stage=stage), NOW)]
        assert len(matching) == 1


def test_a_running_task_has_taken_the_time_until_now() -> None:
    running = task(stage=Stage.ACKED, ended_at=None)
    assert parse("took>299").matches(running, NOW)
    assert not parse("took>299").matches(running, NOW - 2)


@pytest.mark.parametrize("text", ["tokens>0", "tokens<1", "age>0", "age<9d", "took<9d"])
def test_what_is_unknown_meets_no_comparison_but_its_negation(text: str) -> None:
    unknown = task(answer_tokens=None, assigned_at=None, ended_at=None)
    assert not parse(text).matches(unknown, NOW)
    assert parse(f"-{text}").matches(unknown, NOW)


@pytest.mark.parametrize(
    ("text", "marked", "sentence"),
    [
        ("stage:foo", "foo", "There is no stage foo, at character 7. The stages are queued, assigned, "),
        ("stage:", "", "A stage is missing, at character 7."),
        ("paris stage:ended,,missed", "", "A stage is missing, at character 19."),
        ("age:5", ":", "Age takes > < >= or <=, not :, at character 4. Write age>90 or age<2h."),
        ("age>soon", "soon", "Soon is not a time in s, m, h or d, at character 5."),
        ("age>", "", "After the sign, a time in s, m, h or d is missing, at character 5."),
        ("-tokens>1k", "1k", "1k is not a number of tokens, at character 9. Write tokens>100."),
        (
            "session:x",
            "x",
            "X is no session id, at character 9. Write numbers, joined by commas: session:1,2.",
        ),
        ("task:9223372036854775808", "9223372036854775808", "9223372036854775808 is no task id"),
        ("session>4", ">", "Session cannot be compared, at character 8. Write session:…."),
        ("when:now", "when", "There is no field when, at character 1. The fields are stage, session, task, "),
        (
            "missed ended",
            "ended",
            "No task is both missed and ended, at character 8. Write several of a field",
        ),
        ("-open -missed -ended", "ended", "No task is both -open -missed and -ended, at character 16."),
        ("not missed", "not", "Not joins no words here, at character 1. Write - before what must not match"),
        (
            "task:1/0,x/2",
            "x/2",
            "X/2 is no task id, at character 10. Write numbers, joined by commas: task:1,2",
        ),
        ("a -", "-", "- stands alone, at character 3."),
        ("--a", "--a", "A word is negated twice, at character 1."),
        ('a "b c', '"b c', 'The quotation does not end, at character 3. Close it with ".'),
        ('"a"b', "b", "A word begins right behind a quotation, at character 4."),
        ('""', '""', "The quotation is empty, at character 1."),
        ("a " * 30, "a", "The filter is too long, at character 41. Use at most 20 words."),
        ("a" * 2_000, "a" * 1_000, "The filter is too long, at character 1001."),
        ("b " + "a" * 201, "a" * 201, "The text is too long, at character 3."),
    ],
)
def test_a_mistake_says_where_it_is_and_what_is_allowed(text: str, marked: str, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert text[caught.value.start : caught.value.end] == marked
    assert caught.value.problem.sentence().startswith(sentence)
