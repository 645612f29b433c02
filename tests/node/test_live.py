"""What is told of the runs going on: each one's text and last token, and what they give together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inference import Finished, FinishReason, Token
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.live import LiveRuns
from cortensor_tui.node.live_messages import LiveInference
from tests.dashboard import samples
from tests.support.clock import StandingClock

KEY = TaskKey(7, 12)


def told(hub: Hub) -> LiveInference:
    live = hub.snapshot().live
    assert live is not None
    return live


def token(text: str, count: int) -> Token:
    return Token(text=text, count=count, at_ms=1_000.0 * count)


def finished(tokens: int) -> Finished:
    return Finished(
        reason=FinishReason.STOP,
        prompt_tokens=3,
        answer_tokens=tokens,
        prefill_ms=1.0,
        first_token_ms=1.0,
        decode_ms=1.0,
    )


def test_the_time_of_the_last_token_goes_with_the_run() -> None:
    clock, hub = StandingClock(), Hub(samples.status())
    live = LiveRuns(hub, clock)
    live.start(KEY, "Is it?")
    assert told(hub).token_at is None
    clock.pass_s(3)
    live.event(KEY, token("It", 1))
    spoke_at = clock.now()
    clock.pass_s(40)  # whoever attaches now sees for how long nothing came
    live.flush()
    assert told(hub).token_at == spoke_at
    live.start(KEY, "Is it?")
    assert told(hub).token_at is None


STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["start", "token", "flush", "stop"])))


@given(STEPS)
def test_runs_at_once_each_keep_their_own_text(steps: list[tuple[str, str]]) -> None:
    hub = Hub(samples.status())
    live = LiveRuns(hub, StandingClock())
    texts: dict[TaskKey, str] = {}
    for name, step in steps:
        key = TaskKey(7, ord(name))
        if step == "start":
            live.start(key, name)
            texts.pop(key, None)
            texts[key] = ""
        elif step == "flush":
            live.flush()
        elif key in texts and step == "token":
            texts[key] += name
            live.event(key, token(name, len(texts[key])))
        elif key in texts:
            live.event(key, finished(len(texts[key])))
            live.stop(key, "")
            [over] = [run for run in hub.snapshot().runs if run.is_over]
            assert (over.key, over.answer) == (key, texts.pop(key))
    live.flush()
    going_on = [run for run in hub.snapshot().runs if not run.is_over]
    assert [(run.key, run.answer, run.token_count) for run in going_on] == [
        (key, text, len(text)) for key, text in texts.items()
    ]


def test_the_curve_is_of_all_runs_together_and_has_each_token_once() -> None:
    hub = Hub(samples.status())
    live = LiveRuns(hub, StandingClock())
    first, second = TaskKey(7, 1), TaskKey(8, 1)
    live.start(first, "")
    live.start(second, "")
    for count in range(1, 4):
        live.event(first, token("x", count))
    live.event(second, token("y", 2))  # its first one gave no text
    live.sample()
    live.event(first, finished(3))
    live.stop(first, "")
    live.event(second, token("y", 5))
    live.sample()
    live.sample()
    live.sample()
    assert hub.snapshot().rates == (5.0, 3.0, 0.0)
