"""What is kept of the context for a session's next task, and what gives way when room is needed."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cortensor_tui.inference.llama.sequences import WORTH_TOKENS, Sequences, common_prefix

SLOTS, CELLS = 3, 120
SYSTEM = list(range(WORTH_TOKENS + 4))


def test_a_sessions_next_task_takes_over_what_is_the_same() -> None:
    sequences = Sequences(SLOTS, CELLS)
    first = sequences.place([*SYSTEM, 90, 91], 30, session_id=7)
    assert (first.reused_tokens, first.copied_from) == (0, None)
    sequences.computed(first.sequence_id, [*SYSTEM, 90, 91, 92])
    assert sequences.end(first.sequence_id, is_kept=True)
    second = sequences.place([*SYSTEM, 95], 30, session_id=7)
    assert (second.sequence_id, second.reused_tokens) == (first.sequence_id, len(SYSTEM))
    assert second.copied_from is None


def test_a_task_shares_what_another_of_its_session_has_read_so_far() -> None:
    sequences = Sequences(SLOTS, CELLS)
    first = sequences.place([*SYSTEM, 90], 30, session_id=7)
    sequences.computed(first.sequence_id, SYSTEM[:-1])
    second = sequences.place([*SYSTEM, 95], 30, session_id=7)
    assert second.copied_from == first.sequence_id != second.sequence_id
    assert second.reused_tokens == len(SYSTEM) - 1


def test_another_session_reuses_nothing_and_nor_does_nobodys() -> None:
    sequences = Sequences(SLOTS, CELLS)
    first = sequences.place(SYSTEM, 30, session_id=7)
    sequences.computed(first.sequence_id, SYSTEM)
    sequences.end(first.sequence_id, is_kept=True)
    assert sequences.place(SYSTEM, 30, session_id=8).reused_tokens == 0
    nobodys = sequences.place(SYSTEM, 30, session_id=None)
    assert nobodys.reused_tokens == 0
    sequences.computed(nobodys.sequence_id, SYSTEM)
    assert not sequences.end(nobodys.sequence_id, is_kept=True)


def test_the_last_token_of_a_prompt_is_read_again_since_the_answer_follows_from_it() -> None:
    sequences = Sequences(SLOTS, CELLS)
    first = sequences.place(SYSTEM, 30, session_id=7)
    sequences.computed(first.sequence_id, SYSTEM)
    sequences.end(first.sequence_id, is_kept=True)
    assert sequences.place(SYSTEM, 30, session_id=7).reused_tokens == len(SYSTEM) - 1


def test_what_was_unused_for_longest_goes_first() -> None:
    sequences = Sequences(SLOTS, CELLS)
    ids = []
    for session_id in (1, 2, 3):
        place = sequences.place(SYSTEM, 30, session_id)
        sequences.computed(place.sequence_id, SYSTEM)
        ids.append(place.sequence_id)
    for number in (ids[1], ids[0], ids[2]):
        sequences.end(number, is_kept=True)
    assert sequences.kept == (ids[1], ids[0], ids[2])
    assert sequences.place(SYSTEM, 30, session_id=4).dropped == (ids[1],)
    assert sequences.place(SYSTEM, 80, session_id=5).dropped == (ids[0], ids[2])


class Churn(RuleBasedStateMachine):
    """Runs come, are computed and go, against a plain model of the cells."""

    def __init__(self) -> None:
        super().__init__()
        self.sequences = Sequences(SLOTS, CELLS)
        self.memory: dict[int, list[int]] = {number: [] for number in range(SLOTS)}
        self.going: dict[int, tuple[list[int], int]] = {}

    def reserved(self) -> int:
        return sum(cells for _, cells in self.going.values())

    @precondition(lambda self: len(self.going) < SLOTS)
    @rule(
        prompt=st.lists(st.integers(0, 1), min_size=1, max_size=40),
        has_system=st.booleans(),
        answer=st.integers(1, 30),
        session_id=st.none() | st.integers(0, 2),
    )
    def begin(self, prompt: list[int], has_system: bool, answer: int, session_id: int | None) -> None:
        prompt = [*SYSTEM, *prompt] if has_system else prompt
        cells = len(prompt) + answer
        if self.reserved() + cells > CELLS:
            return
        place = self.sequences.place(prompt, cells, session_id)
        assert place.sequence_id not in self.going
        assert not set(place.dropped) & set(self.going)
        for number in place.dropped:
            self.memory[number] = []
        if place.copied_from is not None:
            assert self.memory[place.sequence_id] == []
            self.memory[place.sequence_id] = self.memory[place.copied_from][: place.reused_tokens]
        else:
            del self.memory[place.sequence_id][place.reused_tokens :]
        assert self.memory[place.sequence_id] == prompt[: place.reused_tokens]
        assert place.reused_tokens < len(prompt)
        self.going[place.sequence_id] = (prompt, cells)

    @precondition(lambda self: self.going)
    @rule(data=st.data(), tokens=st.integers(1, 20))
    def compute(self, data: st.DataObject, tokens: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.going)))
        prompt, cells = self.going[number]
        begin = len(self.memory[number])
        following = (prompt + [9] * cells)[begin : min(begin + tokens, cells)]
        self.sequences.computed(number, following)
        self.memory[number] += following

    @precondition(lambda self: self.going)
    @rule(data=st.data(), is_kept=st.booleans())
    def end(self, data: st.DataObject, is_kept: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.going)))
        del self.going[number]
        if not self.sequences.end(number, is_kept=is_kept):
            self.memory[number] = []

    @rule()
    def drop(self) -> None:
        for number in self.sequences.drop_kept():
            assert number not in self.going
            self.memory[number] = []

    @invariant()
    def all_fits(self) -> None:
        kept = [number for number in self.memory if number not in self.going]
        assert self.reserved() + sum(len(self.memory[number]) for number in kept) <= CELLS
        assert set(self.sequences.kept) == {number for number in kept if self.memory[number]}


TestChurn = Churn.TestCase
TestChurn.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_common_prefix() -> None:
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2
    assert common_prefix([1, 2, 4], [1, 2, 3]) == 2
    assert common_prefix([5], [1]) == 0
