"""What is told of a run's time: how long it takes, when it is due, and that nothing comes any more."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.folding import apply, from_snapshot
from cortensor_tui.dashboard.present.inference import figures, heading
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.node.live_messages import InferenceStarted, TokensStreamed
from cortensor_tui.node.messages import Change, StatusChanged

from . import samples
from .conftest import live, shown, until
from .samples import NOW
from .scripted_node import ScriptedNode

ASSIGNED_S, BEGUN_S = 9.0, 4.0
RUNNING = samples.task(12, Stage.ACKED, assigned_at=NOW - ASSIGNED_S, deadline_at=NOW + 52)


def view(known: tuple[float, ...] = (), engine: EngineHealth | None = None, **changes: Any) -> NodeView:
    """Return a run that began four seconds ago and has given nothing; `known` are first tokens before."""
    before = tuple(
        msgspec.structs.replace(samples.ended_task(place + 1), first_token_ms=1000 * first_s)
        for place, first_s in enumerate(known)
    )
    run: dict[str, Any] = {"answer": "", "token_count": 0, "prompt_tokens": None}
    run |= {"first_token_ms": None, "tokens_per_s": None, "started_at": NOW - BEGUN_S}
    return from_snapshot(
        samples.snapshot(
            status=samples.status(engine=engine or samples.status().engine),
            tasks=(*before, RUNNING),
            live=samples.live(**(run | changes)),
        )
    )


def streaming(last_s: float, **changes: Any) -> NodeView:
    """Return a run whose last token came so long ago."""
    given: dict[str, Any] = {"answer": "so", "token_count": 54, "first_token_ms": 83.0, "tokens_per_s": 40.0}
    return view(token_at=NOW - last_s, **(given | changes))


def text(line: Line) -> str:
    return "".join(span.text for span in line)


def test_a_prompt_that_is_read_says_for_how_long_and_when_it_is_due() -> None:
    assert text(heading(view(), NOW)) == "reading the prompt  4 s  task 7/12"
    [told] = figures(view(), NOW, 100)
    assert text(told).startswith(" due in 52 s · no token yet, 9 s after the assignment ")


def test_the_first_token_is_told_from_the_assignment_too() -> None:
    [told] = figures(streaming(0.1), NOW, 100)
    assert text(told).startswith(
        " due in 52 s · answer 54 tok · first token 83 ms, 5.08 s after the assignment "
    )
    [short] = figures(streaming(0.1), NOW, 70)
    assert text(short).startswith(" due in 52 s · answer 54 tok · first token 83 ms "), "rather than none"
    assert text(heading(streaming(0.1), NOW)) == "40.0 tok/s  4 s  task 7/12"


def test_a_run_that_is_over_stands_still() -> None:
    over = view(finished=samples.finished(), token_count=58)
    assert heading(over, NOW) == heading(over, NOW + 1)
    assert figures(over, NOW, 100) == figures(over, NOW + 3600, 100)
    assert "due" not in text(figures(over, NOW, 100)[0])


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (RUNNING, "due in 52 s"),
        (msgspec.structs.replace(RUNNING, deadline_at=NOW - 3), "✖ due 3 s ago"),
        (msgspec.structs.replace(RUNNING, deadline_at=None), "deadline unknown"),
        (samples.ended_task(3), "deadline unknown"),
    ],
    ids=["ahead", "over", "none known", "no such task"],
)
def test_the_deadline_is_told_or_said_to_be_unknown(task: TaskView, said: str) -> None:
    told = msgspec.structs.replace(view(), tasks=(task,))
    assert f" {said} " in text(figures(told, NOW, 100)[0])


@pytest.mark.parametrize(
    ("run", "usual_s"),
    [
        (view(started_at=NOW), 30.0),
        (view(started_at=NOW, known=(0.2,)), 10.0),
        (view(started_at=NOW, known=(7.0, 0.2)), 21.0),
        (streaming(0.0), 5.0),
        (streaming(0.0, tokens_per_s=0.5), 40.0),
        (streaming(0.0, tokens_per_s=None), 10.0),
    ],
    ids=["no prompt before", "short prompts", "a long prompt", "fast", "slow", "one token"],
)
def test_silence_is_a_warning_from_what_is_usual_on(run: NodeView, usual_s: float) -> None:
    assert "no token for" not in text(heading(run, NOW + usual_s - 0.5))
    warned = heading(run, NOW + usual_s)
    assert text(warned).startswith(f"▲ no token for {usual_s:.0f} s  task 7/12")
    assert warned[0].role == "warn strong"


def test_an_engine_that_does_not_answer_is_told_before_anything_else() -> None:
    engine = msgspec.structs.replace(samples.status().engine, silent_since=NOW - 8)
    assert text(heading(view(engine=engine), NOW)).startswith("▲ engine silent for 8 s  task 7/12")


@given(st.integers(10, 120), st.integers(0, 10**6), st.booleans())
def test_figures_fit_and_none_is_cut(width: int, count: int, is_over: bool) -> None:
    end = samples.finished() if is_over else None
    run = streaming(0.1, token_count=count, prompt_tokens=count, finished=end)
    [told] = figures(run, NOW, width)
    assert width_of(told) <= width
    assert width < 30 or "…" not in text(told)


async def test_it_is_drawn_with_each_second_and_becomes_a_warning(node: ScriptedNode) -> None:
    clock = [NOW]
    app = Dashboard(node.connect, now=lambda: clock[0])
    node.snapshot = samples.snapshot(tasks=(RUNNING,), live=None)
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        fresh = samples.live(answer="", token_count=0, started_at=NOW, first_token_ms=None, tokens_per_s=None)
        await node.change(InferenceStarted(fresh))
        await until(pilot, lambda: "reading the prompt  0 s" in shown(app, "#inference-pane Heading"))
        clock[0] += 7
        await node.change(StatusChanged(samples.status(answered_tasks=12)))
        await until(pilot, lambda: "reading the prompt  7 s" in shown(app, "#inference-pane Heading"))
        assert "due in 45 s" in shown(app, "#figures")
        silent = msgspec.structs.replace(samples.status().engine, silent_since=NOW - 1)
        await node.change(StatusChanged(samples.status(engine=silent)))
        await until(pilot, lambda: "▲ engine silent for 8 s" in shown(app, "#inference-pane Heading"))
        assert "▲ SERVING, the engine is silent for 8 s" in shown(app, "#verdict")
        assert "no answer for 8 s" in shown(app, "#status")


def test_the_time_of_the_last_token_is_kept() -> None:
    begun = view()
    more = TokensStreamed(
        key=TaskKey(7, 12),
        text="so",
        token_count=1,
        prompt_tokens=31,
        first_token_ms=83.0,
        tokens_per_s=None,
        token_at=NOW - 1,
    )
    told = apply(begun, Change(sequence=begun.sequence + 1, body=more))
    assert told.live is not None
    assert told.live.token_at == NOW - 1
