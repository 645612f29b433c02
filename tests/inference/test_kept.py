"""What ended runs leave for the next task of their session, and what gives way when there is too much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.llama.kept import KeptRuns
from cortensor_tui.inference.llama.sequences import WORTH_TOKENS

SYSTEM = list(range(WORTH_TOKENS))
MUCH = 1_000_000


def keep(runs: KeptRuns, session_id: int, tokens: list[int], size_bytes: int = 1) -> None:
    runs.keep(session_id, tokens, size_bytes, lambda: tuple(tokens))


def test_a_session_finds_what_begins_most_like_its_prompt() -> None:
    runs = KeptRuns(200, lambda: MUCH)
    keep(runs, 7, [*SYSTEM, 90])
    keep(runs, 7, [*SYSTEM, 80, 81])
    keep(runs, 8, [*SYSTEM, 80, 81, 82])
    found = runs.find(7, [*SYSTEM, 80, 81, 82, 83], more_than=0)
    assert found is not None
    kept, common = found
    assert (kept.state, common) == ((*SYSTEM, 80, 81), len(SYSTEM) + 2)


def test_two_conversations_of_a_session_by_turns_both_find_what_is_theirs() -> None:
    runs = KeptRuns(200, lambda: MUCH)
    one, other = [*SYSTEM, *range(100, 120)], [*SYSTEM, *range(200, 220)]
    for conversation in (one, other):
        keep(runs, 7, conversation)
    for conversation in (one, other, one):
        found = runs.find(7, [*conversation, 1], more_than=0)
        assert found is not None
        assert found[1] == len(conversation)
        conversation.append(1)
        keep(runs, 7, list(conversation))
    assert [len(kept.tokens) for kept in runs.all] == [len(other), len(one)], "what began them is in them"


def test_a_long_copy_is_not_put_back_for_a_few_tokens() -> None:
    runs = KeptRuns(MUCH, lambda: MUCH)
    keep(runs, 7, [*SYSTEM, *range(100, 100 + 16 * len(SYSTEM))])
    assert runs.find(7, [*SYSTEM, 1], more_than=0) is None
    assert runs.find(7, [*SYSTEM, 100, 1], more_than=0) is not None


def test_what_was_found_is_not_the_first_to_give_way() -> None:
    runs = KeptRuns(2 * len(SYSTEM), lambda: MUCH)
    keep(runs, 1, SYSTEM)
    keep(runs, 2, SYSTEM)
    assert runs.find(1, [*SYSTEM, 90], more_than=0) is not None
    keep(runs, 3, SYSTEM)
    assert [kept.session_id for kept in runs.all] == [1, 3]


def test_nothing_is_kept_where_there_is_no_memory_for_a_copy() -> None:
    runs = KeptRuns(200, lambda: MUCH)
    runs.keep(7, SYSTEM, 1, lambda: None)
    assert not runs.all


def test_nothing_is_found_where_as_much_is_at_hand_or_it_is_not_worth_it() -> None:
    runs = KeptRuns(200, lambda: MUCH)
    keep(runs, 7, [*SYSTEM, 90])
    assert runs.find(7, [*SYSTEM, 90, 91], more_than=len(SYSTEM) + 1) is None
    assert runs.find(7, [*SYSTEM[:-1], 60, 61], more_than=0) is None
    assert runs.find(9, [*SYSTEM, 90, 91], more_than=0) is None
    assert len(runs.all) == 1


def test_what_was_unused_for_longest_gives_way() -> None:
    runs = KeptRuns(3 * len(SYSTEM), lambda: MUCH)
    for session_id in (1, 2, 3, 4):
        keep(runs, session_id, SYSTEM)
    assert [kept.session_id for kept in runs.all] == [2, 3, 4]


def test_a_conversation_that_went_on_takes_only_what_it_has_more() -> None:
    runs = KeptRuns(3 * len(SYSTEM), lambda: 4 * 3)
    keep(runs, 1, SYSTEM)
    keep(runs, 2, SYSTEM, size_bytes=2)
    keep(runs, 2, [*SYSTEM, *SYSTEM], size_bytes=2)
    assert [(kept.session_id, len(kept.tokens)) for kept in runs.all] == [
        (1, len(SYSTEM)),
        (2, 2 * len(SYSTEM)),
    ]


def test_no_more_than_a_quarter_of_the_free_memory_is_taken() -> None:
    free = 100
    runs = KeptRuns(MUCH, lambda: free)
    keep(runs, 1, SYSTEM, size_bytes=26)
    assert not runs.all
    keep(runs, 1, SYSTEM, size_bytes=20)
    free = 80
    keep(runs, 2, SYSTEM, size_bytes=6)
    assert [kept.session_id for kept in runs.all] == [2]


def test_where_less_is_free_than_the_weights_need_nothing_is_kept() -> None:
    free = 100
    runs = KeptRuns(MUCH, lambda: free)
    keep(runs, 1, SYSTEM)
    free = -50
    keep(runs, 2, SYSTEM)
    assert not runs.all


def test_what_is_too_much_is_not_even_copied() -> None:
    def copied() -> object:
        raise AssertionError("a copy takes memory")

    runs = KeptRuns(WORTH_TOKENS + 1, lambda: 100)
    runs.keep(1, SYSTEM, 26, copied)
    runs.keep(1, [*SYSTEM, 1, 2], 1, copied)
    runs.keep(1, SYSTEM[:-1], 1, copied)
    assert not runs.all


@given(
    runs=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 60), st.integers(1, 40), st.integers(0, 200)))
)
def test_whatever_is_kept_both_limits_hold(runs: list[tuple[int, int, int, int]]) -> None:
    free = 0
    held = KeptRuns(100, lambda: free)
    for session_id, tokens, size_bytes, free_now in runs:
        before = sum(kept.size_bytes for kept in held.all)
        free = free_now
        keep(held, session_id, list(range(tokens)), size_bytes)
        assert sum(len(kept.tokens) for kept in held.all) <= 100
        now = sum(kept.size_bytes for kept in held.all)
        if WORTH_TOKENS <= tokens <= 100:
            assert now <= (before + free) / 4
