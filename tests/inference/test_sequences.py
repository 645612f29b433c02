"""Which sequence is whose, and what one run may share of another's."""

from __future__ import annotations

import pytest

from cortensor_tui.inference.llama.sequences import WORTH_TOKENS, Sequences, Shared, in_common

SYSTEM = list(range(WORTH_TOKENS + 4))


def test_a_task_shares_what_another_of_its_session_has_read_so_far() -> None:
    sequences = Sequences(3)
    first = sequences.begin(7)
    second = sequences.begin(7)
    sequences.computed(first, SYSTEM[:-1])
    sequences.computed(second, SYSTEM[:-2])
    assert sequences.most_in_common(7, [*SYSTEM, 95]) == Shared(first, len(SYSTEM) - 1)


def test_sessions_share_nothing_with_each_other_and_nor_does_nobodys() -> None:
    sequences = Sequences(3)
    sequences.computed(sequences.begin(7), SYSTEM)
    sequences.computed(sequences.begin(None), SYSTEM)
    assert sequences.most_in_common(8, [*SYSTEM, 95]) is None


def test_what_is_not_worth_it_is_not_shared() -> None:
    sequences = Sequences(3)
    sequences.computed(sequences.begin(7), SYSTEM)
    assert sequences.most_in_common(7, [*SYSTEM[: WORTH_TOKENS - 1], 95, 96]) is None


def test_a_sequence_is_empty_when_it_begins_again() -> None:
    sequences = Sequences(1)
    first = sequences.begin(7)
    sequences.computed(first, SYSTEM)
    sequences.end(first)
    assert sequences.most_in_common(7, [*SYSTEM, 95]) is None
    again = sequences.begin(7)
    assert (again, sequences.tokens(again)) == (first, [])


@pytest.mark.parametrize(
    ("tokens", "prompt", "common"),
    [
        ([], [1], 0),
        ([1, 2], [1, 2, 3], 2),
        ([1, 2, 4], [1, 2, 3, 4], 2),
        ([5], [1, 2], 0),
        ([1, 2, 3], [1, 2, 3], 2),  # the answer's first token comes out of the prompt's last
        ([1, 2, 3, 4], [1, 2, 3], 2),
    ],
)
def test_how_much_of_a_prompt_need_not_be_read(tokens: list[int], prompt: list[int], common: int) -> None:
    assert in_common(tokens, prompt) == common
