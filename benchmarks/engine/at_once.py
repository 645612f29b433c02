"""Several tasks at once: through the node, through the node one after another, and by llama-server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from benchmarks.engine.answers import Answer, Load, Speed, answer_of, one_after_another_tokens_per_s, told
from benchmarks.engine.engine_made import EngineMade
from benchmarks.engine.llama_server import LlamaServer, Question, llama_server
from benchmarks.engine.prompts import next_prompt
from benchmarks.processes import BenchmarkError
from benchmarks.running import say
from benchmarks.served import BoundNode

SIZES = (1, 2, 4, 8)
BLOCK_S = 1.0  # the chain runs on this machine, which no operator has: it should cost little here
DAYS = 4
QUIET_S = 1.0
MOST_TRIES = 5


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The same load by the node, at once and one after another, and by servers of both layouts."""

    node: Speed
    serial_tokens_per_s: float
    server: Speed
    split_server: Speed


class ServerPlan(msgspec.Struct, frozen=True):
    """What llama-server is started with: as the node's engine is."""

    model: Path
    context_tokens: int
    engine: EngineMade


class AtOnce:
    """A node with as many sessions as there are tasks at most, and a server that is started for each load."""

    def __init__(self, node: BoundNode, sessions: tuple[int, ...], server: ServerPlan) -> None:
        self._node = node
        self._sessions = sessions
        self._server = server

    async def rounds(self, count: int, tokens: int) -> dict[int, list[Compared]]:
        """Measure every size in each of so many rounds; who goes first changes by turns."""
        await self._load(len(self._sessions), tokens)  # warms up
        found: dict[int, list[Compared]] = {size: [] for size in SIZES}
        for number in range(1, count + 1):
            for size in SIZES:
                compared = await self._compare(size, tokens, is_server_first=number % 2 == 0)
                found[size].append(compared)
                say(_words(number, count, size, compared))
        return found

    async def _compare(self, size: int, tokens: int, is_server_first: bool) -> Compared:
        early = await self._served_elsewhere(size, tokens) if is_server_first else None
        serial = tuple([(await self._load(1, tokens)).answers[0] for _ in range(size)])
        load = await self._load(size, tokens)
        shared, split = early or await self._served_elsewhere(size, tokens)
        _require_same_prompts(load.answers, shared.answers, split.answers)
        return Compared(
            node=load.speed,
            serial_tokens_per_s=one_after_another_tokens_per_s(serial),
            server=shared.speed,
            split_server=split.speed,
        )

    async def _load(self, size: int, tokens: int) -> Load:
        """Have the node answer so many tasks of as many sessions, which came to it together."""
        for _ in range(MOST_TRIES):
            await asyncio.sleep(QUIET_S)
            asked = [(session_id, next_prompt(DAYS)) for session_id in self._sessions[:size]]
            tasks = await self._node.serve_all(asked, tokens)
            seen_at = [told(task.times.seen_at) for task in tasks]
            # Tasks of two blocks, or an answer that ended early, are another load.
            is_together = max(seen_at) - min(seen_at) < BLOCK_S / 2
            if is_together and all(task.answer_tokens == tokens for task in tasks):
                return Load(tuple(map(answer_of, tasks)))
        raise BenchmarkError(f"{size} tasks never came in one block, with answers of {tokens} tokens each")

    async def _served_elsewhere(self, size: int, tokens: int) -> tuple[Load, Load]:
        """Have a server answer as many whose context is shared, and one whose context is split."""
        return await self._served_by(size, tokens), await self._served_by(size, tokens, is_split=True)

    async def _served_by(self, size: int, tokens: int, *, is_split: bool = False) -> Load:
        plan = self._server
        async with llama_server(
            plan.model, size, plan.context_tokens, plan.engine, is_split=is_split
        ) as server:
            await _ask(server, size, tokens)  # warms up
            await asyncio.sleep(QUIET_S)
            return await _ask(server, size, tokens)


async def _ask(server: LlamaServer, size: int, tokens: int) -> Load:
    return await server.answer_all([Question(next_prompt(DAYS), tokens) for _ in range(size)])


def _require_same_prompts(*loads: tuple[Answer, ...]) -> None:
    lengths = {answer.prompt_tokens for answers in loads for answer in answers}
    if len(lengths) != 1:
        raise BenchmarkError(f"node and llama-server read prompts of different lengths: {sorted(lengths)}")


def _words(number: int, count: int, size: int, of: Compared) -> str:
    return (
        f"round {number} of {count}, {size} at once: node {of.node.tokens_per_s:.1f} tokens/s, one after "
        f"another {of.serial_tokens_per_s:.1f}, llama-server {of.server.tokens_per_s:.1f}, its context split "
        f"{of.split_server.tokens_per_s:.1f}; longest to a first token {of.node.ttft_max_s:.2f}, "
        f"{of.server.ttft_max_s:.2f} and {of.split_server.ttft_max_s:.2f} s"
    )
