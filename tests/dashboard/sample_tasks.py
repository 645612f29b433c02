"""Tasks, and the run of one."""

from __future__ import annotations

from typing import Any

from cortensor_tui.domain.inference import Finished, FinishReason, SamplingParams
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.node.live_messages import LiveInference

from .sample_names import NOW

PROMPT = "Explain in two sentences why the sea is salty."
ANSWER = (
    "The sea is salty because rain slowly dissolves minerals out of rocks on land, and rivers carry them "
    "to the ocean. Water evaporates again, but the salts stay behind, so over millions of years they "
    "have become"
)


def params() -> SamplingParams:
    """Return sampling as asked by default."""
    return SamplingParams(
        max_tokens=128,
        temperature=0.7,
        top_p=1.0,
        top_k=40,
        repeat_penalty=1.0,
        presence_penalty=0.0,
        frequency_penalty=0.0,
    )


def task(task_id: int, stage: Stage, **changes: Any) -> TaskView:
    """Return a task of session 7, assigned a minute before the next one."""
    values: dict[str, Any] = {
        "key": TaskKey(7, task_id),
        "stage": stage,
        "prompt": PROMPT,
        "asked": params(),
        "applied": params(),
        "assigned_at": NOW - 60 * (13 - task_id),
    }
    return TaskView(**(values | changes))


def ended_task(task_id: int) -> TaskView:
    """Return a task that went all the way."""
    start = NOW - 60 * (13 - task_id)
    return task(
        task_id,
        Stage.ENDED,
        answer="Rivers carry dissolved minerals to the sea.\nThe water leaves; the salt stays.",
        answer_hash="0x" + f"{task_id:02x}" * 32,
        prompt_tokens=31,
        answer_tokens=19,
        first_token_ms=83.0,
        prefill_tokens_per_s=373.0,
        decode_tokens_per_s=41.2,
        acked_at=start + 1.2,
        precommitted_at=start + 3.4,
        committed_at=start + 5.1,
        ended_at=start + 7.0,
    )


def runs() -> tuple[LiveInference, ...]:
    """Return three runs that go on at once; the newest is the one that streams."""
    begun = live(key=TaskKey(9, 0), answer="", token_count=0, first_token_ms=None, tokens_per_s=None)
    other = live(key=TaskKey(8, 3), answer="Rain falls on rocks", token_count=4, tokens_per_s=20.0)
    return begun, other, live()


def live(**changes: Any) -> LiveInference:
    """Return a run that streams."""
    values: dict[str, Any] = {
        "key": TaskKey(7, 12),
        "prompt": PROMPT,
        "answer": ANSWER,
        "token_count": 54,
        "started_at": NOW - 2,
        "prompt_tokens": 31,
        "first_token_ms": 83.4,
        "tokens_per_s": 41.2,
    }
    return LiveInference(**(values | changes))


def finished() -> Finished:
    """Return the end of that run."""
    return Finished(
        reason=FinishReason.STOP,
        prompt_tokens=31,
        answer_tokens=58,
        prefill_ms=81.0,
        first_token_ms=83.4,
        decode_ms=1400.0,
    )


def rates() -> tuple[float, ...]:
    """Return two runs with a rest between them."""
    return tuple(
        float(v) for v in (0, 0, 18, 41, 43, 42, 40, 44, 41, 12, 0, 0, 0, 9, 39, 42, 44, 43, 41, 42, 40, 41)
    )
