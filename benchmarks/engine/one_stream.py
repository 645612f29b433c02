"""One answer at a time: through node and dashboard, by llama-bench and by the plain binding."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from benchmarks.bare import BareLoop
from benchmarks.dashboard import Screen
from benchmarks.engine import llama_bench
from benchmarks.engine.answers import told
from benchmarks.engine.engine_made import EngineMade
from benchmarks.engine.prompts import next_prompt
from benchmarks.processes import BenchmarkError
from benchmarks.running import say
from benchmarks.served import BoundNode
from cortensor_tui.domain.tasks import TaskView

DAYS = 16
QUIET_S = 1.0  # what the run before set off (a last frame, a last block) must not fall into the next
MOST_TRIES = 5  # a model may end its answer early; such a run says nothing


class Speeds(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens a second."""

    prefill: float
    decode: float


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One answer through each, with the same prompt length and answer length.

    `ttft_added_ms` is what the node adds to reading the prompt, from handing the task to its engine to the
    first token; `handover_ms` comes before that, from the assignment seen, with the ack in it.
    """

    node: Speeds
    bench: Speeds
    binding: Speeds
    prompt_tokens: int
    answer_tokens: int
    ttft_added_ms: float
    handover_ms: float


class OneStream:
    """The three sides, each of which does the same work in each round."""

    def __init__(
        self,
        node: BoundNode,
        screen: Screen,
        binding: BareLoop,
        model: Path,
        engine: EngineMade,
    ) -> None:
        self._node = node
        self._screen = screen
        self._binding = binding
        self._model = model
        self._engine = engine

    async def rounds(self, count: int, tokens: int) -> list[Round]:
        """Measure so many rounds, after a run of each that warms up; who goes first changes by turns."""
        prompt_tokens = told((await self._served(tokens)).prompt_tokens)
        await self._bound(prompt_tokens, tokens)
        found = []
        for number in range(1, count + 1):
            found.append(await self._round(number, prompt_tokens, tokens))
            say(_words(number, count, found[-1]))
        return found

    async def _round(self, number: int, prompt_tokens: int, answer_tokens: int) -> Round:
        task: TaskView | None = None
        speeds: dict[str, Speeds] = {}
        sides = ("node", "bench", "binding")
        for turn in range(len(sides)):
            match sides[(number + turn) % len(sides)]:
                case "node":
                    task = await self._served(answer_tokens)
                case "bench":
                    speeds["bench"] = await self._benched(prompt_tokens, answer_tokens)
                case _:
                    speeds["binding"] = await self._bound(prompt_tokens, answer_tokens)
        if task is None:
            raise AssertionError("every side has its turn")
        _require_prompt(task.prompt_tokens, prompt_tokens, "the node")
        return _round_of(task, speeds)

    async def _served(self, tokens: int) -> TaskView:
        for _ in range(MOST_TRIES):
            # A session of its own: within one, the engine need not read again what all prompts begin with.
            session_id = await self._node.new_session()
            await asyncio.sleep(QUIET_S)
            drawn_bytes = self._screen.drawn_bytes
            [task] = await self._node.serve_all([(session_id, next_prompt(DAYS))], tokens)
            if self._screen.drawn_bytes == drawn_bytes:
                raise BenchmarkError("the dashboard drew nothing while the node answered")
            if task.answer_tokens == tokens:
                return task
        raise BenchmarkError(f"the node's answers end before {tokens} tokens")

    async def _benched(self, prompt_tokens: int, answer_tokens: int) -> Speeds:
        engine = self._engine
        common = (self._model, engine.batch_tokens)
        await asyncio.sleep(QUIET_S)
        prefill = await llama_bench.prefill_tokens_per_s(*common, engine.prefill_threads, prompt_tokens)
        # The first token comes out of the prefill.
        decode = await llama_bench.decode_tokens_per_s(
            *common, engine.decode_threads, prompt_tokens, answer_tokens - 1
        )
        return Speeds(prefill=prefill, decode=decode)

    async def _bound(self, prompt_tokens: int, answer_tokens: int) -> Speeds:
        for _ in range(MOST_TRIES):
            await asyncio.sleep(QUIET_S)
            run = await self._binding.run(next_prompt(DAYS), answer_tokens)
            _require_prompt(run.prompt_tokens, prompt_tokens, "the plain binding")
            if run.answer_tokens == answer_tokens:
                return Speeds(prefill=run.prompt_tokens / run.first_token_s, decode=run.tokens_per_s)
        raise BenchmarkError(f"the plain binding's answers end before {answer_tokens} tokens")


def _round_of(task: TaskView, speeds: dict[str, Speeds]) -> Round:
    prompt_tokens, prefill = told(task.prompt_tokens), told(task.prefill_tokens_per_s)
    seen_at, began_at = told(task.times.seen_at), told(task.times.run_began_at)
    return Round(
        node=Speeds(prefill=prefill, decode=told(task.decode_tokens_per_s)),
        bench=speeds["bench"],
        binding=speeds["binding"],
        prompt_tokens=prompt_tokens,
        answer_tokens=told(task.answer_tokens),
        ttft_added_ms=(told(task.times.first_token_at) - began_at - prompt_tokens / prefill) * 1000,
        handover_ms=(began_at - seen_at) * 1000,
    )


def _require_prompt(done: int | None, asked: int, who: str) -> None:
    if done != asked:
        raise BenchmarkError(f"{who} read {done} tokens of prompt, not {asked}")


def _words(number: int, count: int, of: Round) -> str:
    sides = (("node", of.node), ("llama-bench", of.bench), ("binding", of.binding))
    words = "; ".join(f"{name} {speeds.prefill:.0f} and {speeds.decode:.1f}" for name, speeds in sides)
    return f"round {number} of {count}, prefill and decode tokens/s: {words}; added {of.ttft_added_ms:.1f} ms"
