"""A short prompt as soon as a model is loaded: whether it answers at all, and how fast."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import (
    Finished,
    FinishReason,
    Generation,
    SelfTest,
    Token,
    greedy,
)
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.engine import Engine
from cortensor_tui.inference.problems import OTHER_MODEL_REMEDY, TEMPLATE_MISSING
from cortensor_tui.inference.prompts import Messages

ANSWER_TOKENS = 16
LONGEST_S = 120.0
_CHAT: Messages = (("user", "Name three colours."),)
_RAW: Messages = (("raw", "The three primary colours are"),)
"""For a model without a chat template."""
_GREEDY = greedy(ANSWER_TOKENS)
_ENGINE_GONE = frozenset({"engine_died", "engine_failed", "engine_stopped"})


async def self_test(engine: Engine, clock: Clock = SYSTEM_CLOCK) -> SelfTest | None:
    """Run a short prompt; None where the engine went away meanwhile, which is told of the engine itself.

    Without a deadline, so that every task that waits for the engine goes before it. Raises nothing.
    """
    try:
        async with asyncio.timeout(LONGEST_S):
            try:
                text, finished = await _answer(engine, _CHAT)
            except ProblemError as error:
                if error.problem.code != TEMPLATE_MISSING:
                    raise
                text, finished = await _answer(engine, _RAW)
    except TimeoutError:
        return SelfTest(at=clock.now(), problem=_slow())
    except ProblemError as error:
        is_gone = error.problem.code in _ENGINE_GONE
        return None if is_gone else SelfTest(at=clock.now(), problem=error.problem)
    if finished is None or finished.reason is FinishReason.CANCELLED:
        return None
    return SelfTest(
        at=clock.now(),
        answer_tokens=finished.answer_tokens,
        first_token_ms=finished.first_token_ms,
        prefill_tokens_per_s=finished.prefill_tokens_per_s,
        decode_tokens_per_s=finished.decode_tokens_per_s,
        problem=None if text.strip() else _silent(),
    )


async def _answer(engine: Engine, messages: Messages) -> tuple[str, Finished | None]:
    text, finished = "", None
    async with aclosing(engine.generate(Generation(messages=messages, params=_GREEDY, seed=0))) as events:
        async for event in events:
            if isinstance(event, Token):
                text += event.text
            elif isinstance(event, Finished):
                finished = event
    return text, finished


def _silent() -> Problem:
    return Problem(
        code="model_silent",
        what="The model answers nothing to a short prompt",
        why="No text came, as from a model whose chat template is not its own",
        remedy=OTHER_MODEL_REMEDY,
    )


def _slow() -> Problem:
    return Problem(
        code="model_slow",
        what=f"The model did not answer a short prompt with {ANSWER_TOKENS} tokens within {LONGEST_S:.0f} s",
        why="It is too large for this machine, or something else takes the processor",
        remedy="Use a smaller model; tasks have to be answered before their deadlines",
    )
