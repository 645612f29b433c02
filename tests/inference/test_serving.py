"""Many runs in one engine: each gets its own answer, whoever comes and goes meanwhile."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.inference import (
    Admitted,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    Prefilled,
)
from cortensor_tui.domain.problems import Problem
from cortensor_tui.inference.llama.serving import Serving
from cortensor_tui.inference.llama.wire import RunEvents

from .echo_model import EchoModel
from .engines import GREEDY, finish_of, text_of


class Served:
    """What a node would see of `Serving`."""

    def __init__(self, model: EchoModel) -> None:
        self.model = model
        self.messages: list[tuple[RunEvents, ...]] = []
        self.events: dict[int, list[GenerationEvent]] = {}
        self.problems: dict[int, Problem] = {}
        self.now_s = 1_000.0
        self.look_s = 0.001  # how long it is from one look at the clock to the next
        self.serving = Serving(
            model,
            self._take,
            self.problems.__setitem__,
            clock=self._tick,
            now=lambda: self.now_s,
            free_bytes=lambda: 1_000,
        )

    def _tick(self) -> float:
        self.now_s += self.look_s
        return self.now_s

    def _take(self, runs: tuple[RunEvents, ...]) -> None:
        self.messages.append(runs)
        for run in runs:
            self.events.setdefault(run.run_id, []).extend(run.events)

    def ask(self, run_id: int, prompt: str, max_tokens: int = 1_000, **how: object) -> None:
        params = msgspec.structs.replace(GREEDY, max_tokens=max_tokens)
        generation = Generation(messages=(("raw", prompt),), params=params, seed=1)
        self.serving.ask(run_id, msgspec.structs.replace(generation, **how))

    def run(self, most_steps: int = 10_000) -> None:
        """Compute until nothing is left."""
        for _ in range(most_steps):
            if self.serving.is_idle:
                return
            self.serving.step()
        raise AssertionError(f"not done after {most_steps} steps")

    def text(self, run_id: int) -> str:
        return text_of(self.events[run_id])


def test_each_run_gets_its_own_answer() -> None:
    served = Served(EchoModel())
    prompts = {run_id: f"{'abcdef'[:run_id]}?" for run_id in range(1, 7)}
    for run_id, prompt in prompts.items():
        served.ask(run_id, prompt, max_tokens=10)
    served.run()
    assert {run_id: served.text(run_id) for run_id in prompts} == prompts
    assert finish_of(served.events[1]).slots_busy == 3
    assert finish_of(served.events[1]).sampler_chain == ("echo",)


def test_a_run_joins_between_two_tokens_of_another() -> None:
    served = Served(EchoModel())
    served.ask(1, "a long one?", max_tokens=30)
    served.serving.step()
    served.serving.step()
    served.ask(2, "two?", max_tokens=10)
    served.serving.step()
    assert sorted(len(chunk.tokens) for chunk in served.model.batches[-1]) == [1, 4]
    served.run()
    assert (served.text(1), served.text(2)) == ("a long one?", "two?")


def test_what_a_run_gave_is_sent_before_it_is_copied() -> None:
    sent_before: list[bool] = []

    class Watched(EchoModel):
        def state(self, sequence_id: int) -> list[int]:
            sent_before.append(isinstance(served.events[1][-1], Finished))
            return super().state(sequence_id)

    served = Served(Watched())
    served.ask(1, "a quick one?", session_id=7)
    served.run()
    assert sent_before == [True]


def test_a_long_prompt_lets_the_others_decode_between_its_chunks() -> None:
    served = Served(EchoModel(context_tokens=200, batch_tokens=100))
    served.look_s = 0.2
    served.ask(1, "a quick one?", max_tokens=50)
    served.serving.step()
    served.ask(2, "x" * 99 + "?", max_tokens=10)
    sizes = []
    for _ in range(3):
        served.serving.step()
        sizes.append([len(chunk.tokens) for chunk in served.model.batches[-1]])
    assert sizes == [[1, 32], [1, 32], [1, 36]], "no batch for the last four"
    served.run()
    assert served.text(1) == "a quick one?"


def test_the_earliest_deadline_goes_first_and_one_without_comes_last() -> None:
    served = Served(EchoModel(slots=1))
    served.ask(1, "none?")
    served.ask(2, "late?", deadline_at=served.now_s + 100)
    served.ask(3, "soon?", deadline_at=served.now_s + 10)
    served.run()
    assert list(served.events) == [3, 2, 1]


def test_one_without_a_deadline_is_not_passed_for_ever() -> None:
    served = Served(EchoModel(slots=1))
    served.ask(1, "none?")
    served.now_s += 1_000
    served.ask(2, "late?", deadline_at=served.now_s + 10)
    served.run()
    assert list(served.events) == [1, 2]


def test_a_prompt_that_can_never_fit_is_refused_and_one_that_fits_later_waits() -> None:
    served = Served(EchoModel(context_tokens=20))
    served.ask(1, "x" * 19 + "?")
    assert served.problems[1].code == "prompt_too_long"
    assert "20 tokens" in served.problems[1].why
    served.ask(2, "ten chars?", max_tokens=10)
    served.ask(3, "ten other?", max_tokens=10)
    served.run()
    assert (served.text(2), served.text(3)) == ("ten chars?", "ten other?")
    assert finish_of(served.events[3]).slots_busy == 1


def test_the_answer_gets_the_room_the_prompt_leaves() -> None:
    served = Served(EchoModel(context_tokens=20))
    served.ask(1, "x" * 14 + "?", max_tokens=1_000)
    served.run()
    finished = finish_of(served.events[1])
    assert (finished.reason, finished.answer_tokens) == (FinishReason.LENGTH, 5)


@pytest.mark.parametrize("steps", [0, 1, 4], ids=["waiting", "in the prompt", "in the answer"])
def test_a_cancelled_run_leaves_at_once_and_alone(steps: int) -> None:
    served = Served(EchoModel(batch_tokens=4))
    served.ask(1, "first?")
    served.ask(2, "second?")
    for _ in range(steps):
        served.serving.step()
    served.serving.cancel([1])
    assert finish_of(served.events[1]).reason is FinishReason.CANCELLED
    served.run()
    assert served.text(2) == "second?"
    assert served.text(1) == "first?"[: len(served.text(1))]


def test_a_batch_is_aborted_where_all_of_its_runs_are_cancelled() -> None:
    served = Served(EchoModel())
    served.ask(1, "first?")
    served.serving.step(cancelled=lambda: {1})
    served.serving.cancel([1])
    assert served.model.batches == []
    assert finish_of(served.events[1]).answer_tokens == 0
    served.ask(2, "second?")
    served.run()
    assert served.text(2) == "second?"


def test_a_cancel_takes_no_batch_from_the_others() -> None:
    served = Served(EchoModel(batch_tokens=4))
    served.ask(1, "first?")
    served.ask(2, "second?")
    for _ in range(100):  # another cancel with each batch: of one beside it, one that is over, one to come
        served.serving.step(cancelled=lambda: {2, 3, 4})
    assert served.text(1) == "first?"


def test_a_state_is_not_left_half_way() -> None:
    served = Served(EchoModel(batch_tokens=4))
    served.model.can_reuse = False
    served.ask(1, "first?")
    served.serving.step()
    served.serving.step(cancelled=lambda: {1})
    served.run()
    assert served.text(1) == "first?"


def test_what_cannot_be_computed_ends_the_runs_of_that_batch_only() -> None:
    served = Served(EchoModel(slots=1))
    served.model.failures = [1]
    served.ask(1, "first?")
    served.ask(2, "second?")
    served.run()
    assert served.problems[1].code == "decode_failed"
    assert served.text(2) == "second?"
    assert served.model.samplers == 0


def test_a_sessions_next_prompt_is_read_from_where_it_differs() -> None:
    served = Served(EchoModel())
    served.ask(1, "you are a kind helper, hm?", 10, session_id=5)
    served.run()
    served.ask(2, "you are a kind helper, so?", 26, session_id=5)
    served.ask(3, "you are a kind helper, so?", 4, session_id=6)
    served.run()
    assert finish_of(served.events[1]).reused_tokens == 0
    assert finish_of(served.events[2]).reused_tokens == len("you are a kind helper, ")
    assert finish_of(served.events[3]).reused_tokens == 0
    assert served.text(2) == "you are a kind helper, so?"


@pytest.mark.parametrize("lacking", ["can_cut", "can_restore"])
def test_where_what_was_kept_cannot_be_put_back_the_prompt_is_read_whole(lacking: str) -> None:
    served = Served(EchoModel())
    served.ask(1, "you are a kind helper, hm?", 10, session_id=5)
    served.run()
    setattr(served.model, lacking, False)
    served.ask(2, "you are a kind helper, so?", 26, session_id=5)
    served.run()
    assert finish_of(served.events[2]).reused_tokens == 0
    assert served.text(2) == "you are a kind helper, so?"


def test_tasks_of_a_session_at_once_share_what_the_first_of_them_was_given_back() -> None:
    served = Served(EchoModel(context_tokens=200))
    served.ask(1, "you are a kind helper, hm?", 10, session_id=5)
    served.run()
    served.ask(2, "you are a kind helper, so?", 26, session_id=5)
    served.ask(3, "you are a kind helper, ah?", 26, session_id=5)
    served.run()
    reused = [finish_of(served.events[run_id]).reused_tokens for run_id in (2, 3)]
    assert reused == [len("you are a kind helper, ")] * 2
    assert (served.text(2), served.text(3)) == ("you are a kind helper, so?", "you are a kind helper, ah?")


def test_ended_runs_leave_nothing_in_the_context_for_others_to_wade_through() -> None:
    served = Served(EchoModel())
    served.ask(1, "you are a kind helper, hm?", 10, session_id=5)
    served.ask(2, "you are a kind helper, so?", 10, session_id=6)
    served.run()
    assert served.model.cells == 0


def test_an_empty_prompt_is_refused_and_the_others_go_on() -> None:
    served = Served(EchoModel())
    served.ask(1, "you are a kind helper, hm?", 10, session_id=5)
    served.run()
    served.ask(2, "", session_id=5)
    served.ask(3, "hm?", session_id=5)
    served.run()
    assert served.problems[2].code == "prompt_empty"
    assert served.text(3) == "hm?"


class Busy(Served):
    """On a machine where another program needs a processor, so that two threads wait for each other."""

    def _tick(self) -> float:
        self.now_s += 0.5 if self.model.used_threads[0] > 1 else 0.001
        return self.now_s


def test_threads_give_way_on_a_busy_machine_but_not_those_of_a_reproducible_run() -> None:
    served = Busy(EchoModel())
    served.ask(1, "a somewhat long prompt?")
    served.run()
    assert served.model.used_threads[0] == 1
    served.ask(2, "a somewhat long prompt?", is_reproducible=True)
    used = set()
    while not served.serving.is_idle:
        served.serving.step()
        used.add(served.model.used_threads)
    assert used == {(2, 2)}
    assert served.text(1) == served.text(2) == "a somewhat long prompt?"


def test_a_reproducible_run_is_alone_in_an_empty_context() -> None:
    served = Served(EchoModel())
    served.ask(1, "you are a kind helper, hm?", 10, session_id=5)
    served.serving.step()
    served.ask(2, "you are a kind helper, so?", 26, session_id=5, is_reproducible=True, deadline_at=0.0)
    served.ask(3, "hm?", session_id=5)
    served.run()
    finished = finish_of(served.events[2])
    assert (finished.slots_busy, finished.reused_tokens) == (1, 0)
    prompt = [chunk for batch in served.model.batches for chunk in batch if chunk.position == 0][1]
    first = next(index for index, batch in enumerate(served.model.batches) if prompt in batch)
    assert [len(chunk.tokens) for chunk in served.model.batches[first]] == [16]
    assert [len(chunk.tokens) for chunk in served.model.batches[first + 1]] == [10]
    assert served.text(3) == "hm?"


def test_first_tokens_go_at_once_and_later_ones_together() -> None:
    served = Served(EchoModel())
    served.ask(1, "one one one?", 20)
    served.ask(2, "two two two?", 20)
    served.run()
    begun, first, second, *_, last = served.messages
    assert [run.events for run in begun] == [(Admitted(),), (Admitted(),)]
    assert [type(run.events[0]) for run in first] == [Prefilled]
    assert len(served.messages) < 12, "a message a token"
    assert sum(len(run.events) for runs in served.messages for run in runs) == 2 * (1 + 1 + 12 + 1)
    assert last != second


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_comes_and_goes_no_answer_is_mixed_up(data: st.DataObject) -> None:
    served = Served(EchoModel(context_tokens=80, batch_tokens=data.draw(st.integers(3, 20)), slots=3))
    asked: dict[int, str] = {}
    cancelled: set[int] = set()
    for run_id in range(1, data.draw(st.integers(2, 12)) + 1):
        beginning = data.draw(st.sampled_from(["", "you are a kind helper, "]))
        asked[run_id] = f"{beginning}{run_id:02d}-{data.draw(st.text('ab', max_size=12))}?"
        served.ask(
            run_id,
            asked[run_id],
            data.draw(st.integers(1, 50)),
            session_id=data.draw(st.none() | st.integers(1, 2)),
            is_reproducible=data.draw(st.booleans()),
            deadline_at=data.draw(st.none() | st.floats(0, 2_000)),
        )
        for _ in range(data.draw(st.integers(0, 6))):
            served.serving.step()
        if data.draw(st.booleans()):
            cancelled.add(data.draw(st.integers(1, run_id)))
            served.serving.cancel(cancelled)
    served.run()
    for run_id, prompt in asked.items():
        finished = finish_of(served.events[run_id])
        said = served.text(run_id)
        assert said == prompt[: len(said)]
        assert len(said) == finished.answer_tokens
        if finished.reason is FinishReason.STOP:
            assert said == prompt
        if finished.reason is FinishReason.CANCELLED:
            assert run_id in cancelled
    assert served.model.samplers == 0
