"""`make bench`: measure, print a table, write build/bench.json. Goals are told, never enforced."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec

from benchmarks import steps
from benchmarks.backfill import anvil_events_per_s
from benchmarks.bare import BareLoop, bare_loop
from benchmarks.bare_loop import Told
from benchmarks.chain_calls import call_costs
from benchmarks.command_line import status_times
from benchmarks.dashboard import Screen, attached_dashboard
from benchmarks.heads import watched_heads
from benchmarks.machine import this_machine
from benchmarks.processes import REPOSITORY, BenchmarkError
from benchmarks.report import ChainFigures, Decode, Figures, Pair, figures, table
from benchmarks.running import measured_model, run_measuring, say
from benchmarks.served import BoundNode, anvil_world, bound_node
from benchmarks.traffic import idle_traffic
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.inference.llama.cpus import threads_for

PROMPT = "Write a very long story about a lighthouse keeper who learns to read the weather."
CONTEXT_TOKENS = 512
ALONE_RUNS = 3
STEPS_BLOCK_S = 1.0
QUIET_S = 1.0  # what the run before set off (a last frame, a last block) must not fall into the next


class Plan(msgspec.Struct, frozen=True):
    """How much to measure."""

    pairs: int
    tokens: int
    steps: int
    events: int
    idle_s: int
    statuses: int


class Bench:
    """One measuring: a chain, a node, a dashboard and the bare loop, and what they gave."""

    def __init__(self, plan: Plan, bare: BareLoop) -> None:
        self._plan = plan
        self._bare = bare
        self.pairs: list[Pair] = []
        self.same_answers = 0

    async def alone(self) -> tuple[float, ...]:
        """Run the bare loop while nothing else of ours runs, after one run that only warms up."""
        told = [await self._bare_run() for _ in range(ALONE_RUNS + 1)][1:]
        speeds = tuple(one.tokens_per_s for one in told)
        say("bare loop alone: " + ", ".join(f"{speed:.1f}" for speed in speeds) + " tokens/s")
        return speeds

    async def compare(self, node: BoundNode, screen: Screen) -> Told:
        """Run the pairs, who goes first by turns; return the last bare run."""
        for number in range(1, self._plan.pairs + 1):
            if number % 2:
                bare, served = await self._bare_run(), await self._node_run(node, screen)
            else:
                served, bare = await self._node_run(node, screen), await self._bare_run()
            pair = _paired(served, bare)
            self.pairs.append(pair)
            self.same_answers += served.answer == bare.text
            say(
                f"pair {number} of {self._plan.pairs}: node {pair.node:.1f}, bare {pair.bare:.1f} tokens/s, "
                f"ratio {pair.ratio:.3f}"
            )
        return bare

    async def _bare_run(self) -> Told:
        await asyncio.sleep(QUIET_S)
        return await self._bare.run(PROMPT, self._plan.tokens)

    async def _node_run(self, node: BoundNode, screen: Screen) -> TaskView:
        await asyncio.sleep(QUIET_S)
        drawn_bytes = screen.drawn_bytes
        served = await node.serve(PROMPT, self._plan.tokens)
        if screen.drawn_bytes == drawn_bytes:
            raise BenchmarkError("the dashboard drew nothing while the node answered")
        return served


def _paired(task: TaskView, bare: Told) -> Pair:
    depths = ((task.prompt_tokens, task.answer_tokens), (bare.prompt_tokens, bare.answer_tokens))
    if depths[0] != depths[1]:
        raise BenchmarkError(f"node and bare loop did different work (prompt, answer tokens): {depths}")
    if task.decode_tokens_per_s is None:
        raise BenchmarkError("the node told no decode speed")
    return Pair(task.decode_tokens_per_s, bare.tokens_per_s)


async def measure(plan: Plan, folder: Path) -> Figures:
    """Measure everything. Raises `BenchmarkError` or `ProblemError` where something does not run."""
    machine = this_machine()
    model = await measured_model()
    threads = threads_for(None)
    async with bare_loop(model, CONTEXT_TOKENS, threads) as bare:
        bench = Bench(plan, bare)
        alone = await bench.alone()
        say("starting a devnet on anvil, a node and a dashboard")
        async with anvil_world(folder, model) as world:
            settings = world.settings(
                LLM_OPTION_CONTEXT_SIZE=str(CONTEXT_TOKENS),
                CORTENSOR_TUI_DECODE_THREADS=str(threads[0]),
                CORTENSOR_TUI_PREFILL_THREADS=str(threads[1]),
            )
            async with bound_node(world, settings) as node, attached_dashboard(settings) as screen:
                await node.serve(steps.PROMPT, steps.TOKENS)  # warms up
                last = await bench.compare(node, screen)
                say("timing `cortensor-tui status`")
                statuses_s = await status_times(settings, plan.statuses)
    decode = Decode(
        model=model.stem,
        prompt_tokens=last.prompt_tokens,
        answer_tokens=last.answer_tokens,
        threads=threads,
        alone=alone,
        pairs=tuple(bench.pairs),
        same_answers=bench.same_answers,
    )
    return figures(machine, decode, await chain_figures(plan, folder, model), statuses_s)


async def chain_figures(plan: Plan, folder: Path, model: Path) -> ChainFigures:
    """Measure the chain room: by itself, then in a node that serves and in one that idles."""
    say("calls and backfill, on a chain that mines at once")
    async with anvil_world(folder, model, block_s=0) as world:
        key = await world.submit(await world.create_session("calls"), steps.PROMPT)
        calls = await call_costs(world, key)
        backfill = await anvil_events_per_s(world.rpc, plan.events)
    async with anvil_world(folder, model, block_s=STEPS_BLOCK_S) as world:
        say(f"an idle node, for {plan.idle_s} s, on a chain with a block a second")
        idle = await idle_traffic(world, plan.idle_s)  # before its key has sent anything from another journal
        say("steps of short tasks")
        settings = world.settings("steps", LLM_OPTION_CONTEXT_SIZE=str(CONTEXT_TOKENS))
        async with watched_heads(world.info.rpc_url) as heads, bound_node(world, settings) as node:
            times = await steps.step_times(node, heads, plan.steps)
    return ChainFigures(calls=calls, backfill_per_s=backfill, events=plan.events, steps=times, idle=idle)


def main() -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--pairs", type=_count, default=9, help="interleaved pairs of decode runs")
    parser.add_argument("--tokens", type=_count, default=256, help="tokens of each answer, at most 400")
    parser.add_argument("--steps", type=_count, default=40, help="short tasks whose steps are timed")
    parser.add_argument("--events", type=_count, default=100_000, help="events of the backfill")
    parser.add_argument("--idle", type=_count, default=30, help="seconds for which an idle node is watched")
    parser.add_argument("--statuses", type=_count, default=9, help="runs of `cortensor-tui status`")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench.json")
    given = parser.parse_args()
    if not 2 <= given.tokens <= 400:  # a speed takes two, and the context has room for no more
        parser.error("--tokens must be from 2 to 400")
    plan = Plan(given.pairs, given.tokens, given.steps, given.events, given.idle, given.statuses)
    return asyncio.run(run_measuring("bench", lambda folder: measure(plan, folder), table, given.output))


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
