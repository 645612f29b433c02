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


def test_a_session_takes_what_begins_most_like_its_prompt() -> None:
    runs = KeptRuns(200, lambda: MUCH)
    keep(runs, 7, [*SYSTEM, 90])
    keep(runs, 7, [*SYSTEM, 80, 81])
    keep(runs, 8, [*SYSTEM, 80, 81, 82])
    taken = runs.take(7, [*SYSTEM, 80, 81, 82, 83], more_than=0)
    assert taken is not None
    kept, common = taken
    assert (kept.state, common) == ((*SYSTEM, 80, 81), len(SYSTEM) + 2)
    assert [kept.state for kept in runs.all] == [(*SYSTEM, 90), (*SYSTEM, 80, 81, 82)]


def test_nothing_is_taken_where_as_much_is_at_hand_or_it_is_not_worth_it() -> None:
    runs = KeptRuns(200, lambda: MUCH)
    keep(runs, 7, [*SYSTEM, 90])
    assert runs.take(7, [*SYSTEM, 90, 91], more_than=len(SYSTEM) + 1) is None
    assert runs.take(7, [*SYSTEM[:-1], 60, 61], more_than=0) is None
    assert runs.take(9, [*SYSTEM, 90, 91], more_than=0) is None
    assert len(runs.all) == 1


def test_what_was_unused_for_longest_gives_way() -> None:
    runs = KeptRuns(3 * len(SYSTEM), lambda: MUCH)
    for session_id in (1, 2, 3, 4):
        keep(runs, session_id, SYSTEM)
    assert [kept.session_id for kept in runs.all] == [2, 3, 4]


def test_no_more_than_a_quarter_of_the_free_memory_is_taken() -> None:
    free = 100
    runs = KeptRuns(MUCH, lambda: free)
    keep(runs, 1, SYSTEM, size_bytes=26)
    assert not runs.all
    keep(runs, 1, SYSTEM, size_bytes=20)
    free = 80
    keep(runs, 2, SYSTEM, size_bytes=6)
    assert [kept.session_id for kept in runs.all] == [2]


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
        assert now <= max(before, (before + free) / 4)
