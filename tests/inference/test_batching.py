"""Who begins and who gets what of a batch: nobody waits for ever, and nothing is given out twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.llama.batching import Going, Pace, Room, Waiting, admitted, next_batch

SLOTS, CELLS = 4, 100
ROOM = Room(slots=SLOTS, cells=CELLS)

WAITING = st.lists(
    st.builds(
        Waiting,
        order=st.integers(1, 10_000),
        deadline_at=st.floats(0, 1_000),
        cells=st.integers(1, CELLS),
        is_alone=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda run: run.order,
)
GOING = st.lists(
    st.builds(
        Going,
        order=st.integers(10_001, 20_000),
        deadline_at=st.floats(0, 1_000),
        cells=st.integers(1, CELLS // SLOTS),
        prompt_tokens_left=st.integers(0, 300),
    ),
    max_size=SLOTS,
    unique_by=lambda run: run.order,
)


@given(waiting=WAITING, going=GOING)
def test_there_is_a_slot_and_a_cell_for_all_that_begins(waiting: list[Waiting], going: list[Going]) -> None:
    taken = admitted(waiting, going, ROOM)
    assert len(going) + len(taken) <= SLOTS
    assert sum(run.cells for run in going) + sum(run.cells for run in taken) <= CELLS


@given(waiting=WAITING, going=GOING)
def test_nobody_is_passed_by_one_whose_deadline_is_later(waiting: list[Waiting], going: list[Going]) -> None:
    taken = admitted(waiting, going, ROOM)
    left = [run for run in waiting if run not in taken]
    for run in taken:
        assert all((run.deadline_at, run.order) < (other.deadline_at, other.order) for other in left)


@given(waiting=WAITING.filter(bool))
def test_of_those_that_wait_one_always_begins_once_all_others_have_ended(waiting: list[Waiting]) -> None:
    assert admitted(waiting, [], ROOM)


@given(waiting=WAITING, going=GOING)
def test_a_run_that_is_to_be_alone_is(waiting: list[Waiting], going: list[Going]) -> None:
    taken = admitted(waiting, going, ROOM)
    if any(run.is_alone for run in taken):
        assert len(going) + len(taken) == 1
    alone = Going(order=0, deadline_at=0, cells=1, prompt_tokens_left=0, is_alone=True)
    assert admitted(waiting, [alone], ROOM) == []


@given(going=GOING, batch_tokens=st.integers(SLOTS, 64), chunk_tokens=st.integers(1, 100))
def test_all_that_decode_get_one_token_and_each_prompt_holds_them_up_for_about_one_chunk(
    going: list[Going], batch_tokens: int, chunk_tokens: int
) -> None:
    shares = dict(next_batch(going, batch_tokens, chunk_tokens))
    left = {run.order: run.prompt_tokens_left for run in going}
    decoding = [order for order, tokens in left.items() if tokens == 0]
    assert all(shares[order] == 1 for order in decoding)
    prompts = {order: tokens for order, tokens in shares.items() if left[order] > 0}
    assert all(1 <= tokens <= left[order] for order, tokens in prompts.items())
    assert sum(shares.values()) <= batch_tokens
    if decoding:
        most = chunk_tokens * sum(tokens > 0 for tokens in left.values())
        assert sum(prompts.values()) <= 1.5 * most
    elif going:
        assert sum(prompts.values()) == min(batch_tokens, sum(left.values()))


def test_no_small_rest_of_a_prompt_is_left_for_a_batch_of_its_own() -> None:
    def going(order: int, prompt_tokens_left: int) -> Going:
        return Going(order=order, deadline_at=0, cells=1, prompt_tokens_left=prompt_tokens_left)

    prompts = [going(order, 107) for order in (1, 2, 3)]
    assert next_batch([going(0, 0), *prompts], 512, chunk_tokens=88) == [(0, 1), (1, 107), (2, 107), (3, 107)]
    assert next_batch([going(0, 0), going(1, 300)], 512, chunk_tokens=88) == [(0, 1), (1, 88)]


@given(going=GOING.filter(bool), batch_tokens=st.integers(SLOTS, 64), chunk_tokens=st.integers(1, 100))
def test_every_prompt_is_read_to_its_end(going: list[Going], batch_tokens: int, chunk_tokens: int) -> None:
    left = {run.order: run.prompt_tokens_left for run in going}
    for _ in range(sum(left.values())):
        now = [
            Going(
                order=run.order,
                deadline_at=run.deadline_at,
                cells=run.cells,
                prompt_tokens_left=left[run.order],
            )
            for run in going
        ]
        for order, tokens in next_batch(now, batch_tokens, chunk_tokens):
            left[order] = max(0, left[order] - tokens)
    assert set(left.values()) == {0}


def test_a_chunk_is_what_takes_about_a_fifth_of_a_second() -> None:
    pace = Pace()
    assert pace.chunk_tokens >= 1
    for _ in range(50):
        pace.saw(512, 0.5)
    assert 195 <= pace.chunk_tokens <= 210
    for _ in range(50):
        pace.saw(100, 1.0)  # another program needs the processors, too
    assert pace.chunk_tokens == 32, "less would take longer in all"


def test_short_prompts_that_wait_are_read_together() -> None:
    going = [
        Going(order=number, deadline_at=number, cells=1, prompt_tokens_left=left)
        for number, left in enumerate([0, 50, 10, 30])
    ]
    assert next_batch(going, 512, 32) == [(0, 1), (1, 50), (2, 10), (3, 30)]
    assert next_batch(going[:2], 512, 32) == [(0, 1), (1, 32)]


def test_batches_without_a_prompt_say_nothing_of_prompts() -> None:
    pace = Pace()
    pace.saw(512, 0.5)
    before = pace.chunk_tokens
    pace.saw(4, 60.0)
    assert pace.chunk_tokens == before
