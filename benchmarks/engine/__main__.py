"""`make bench-engine`: measure the engine, print a table, write build/bench-engine.json. Goals are told."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec

from benchmarks.bare import bare_loop
from benchmarks.dashboard import attached_dashboard
from benchmarks.engine.at_once import BLOCK_S, SIZES, AtOnce, Compared, ServerPlan
from benchmarks.engine.engine_made import EngineMade, engine_of
from benchmarks.engine.figures import Measured, Subject, figures, table
from benchmarks.engine.one_stream import OneStream, Round
from benchmarks.engine.yardsticks import llama_cpp_version
from benchmarks.machine import this_machine
from benchmarks.processes import REPOSITORY
from benchmarks.report import Figures
from benchmarks.running import measured_model, run_measuring, say
from benchmarks.served import anvil_world, bound_node
from cortensor_tui.inference.llama.cpus import threads_for
from tests.world import World

CONTEXT_TOKENS = 4096


class Plan(msgspec.Struct, frozen=True):
    """How much to measure."""

    pairs: int = 9
    tokens: int = 256
    rounds: int = 5
    batch_tokens: int = 96


QUICK = Plan(pairs=1, tokens=48, rounds=1, batch_tokens=16)


async def measure(plan: Plan, folder: Path) -> Figures:
    """Measure everything. Raises `BenchmarkError` or `ProblemError` where something does not run."""
    machine = this_machine()
    version = await llama_cpp_version()
    model = await measured_model()
    say("starting a devnet on anvil")
    async with anvil_world(folder, model, BLOCK_S) as world:
        rounds = await one_stream(plan, world)
        engine, loads = await at_once(plan, world)
    subject = Subject(
        model=model.stem, llama_cpp=version, engine=engine, batch_answer_tokens=plan.batch_tokens
    )
    return figures(machine, Measured(subject=subject, rounds=rounds, loads=loads))


async def one_stream(plan: Plan, world: World) -> list[Round]:
    """Measure one answer at a time."""
    settings = world.settings(**engine_settings())
    async with bound_node(world, settings) as node:
        engine = await engine_of(settings)
        async with (
            bare_loop(world.model, CONTEXT_TOKENS, engine.threads) as binding,
            attached_dashboard(settings) as screen,
        ):
            say(f"{plan.pairs} rounds of one answer")
            stream = OneStream(node, screen, binding, world.model, engine)
            return await stream.rounds(plan.pairs, plan.tokens)


async def at_once(plan: Plan, world: World) -> tuple[EngineMade, dict[int, list[Compared]]]:
    """Measure several answers at a time, with the same journal: the key must not have two."""
    settings = world.settings(**engine_settings(), CORTENSOR_TUI_SLOTS=str(max(SIZES)))
    async with bound_node(world, settings) as node, attached_dashboard(settings):
        engine = await engine_of(settings)
        sessions = tuple([await node.new_session() for _ in range(max(SIZES))])
        say(f"{plan.rounds} rounds of {', '.join(map(str, SIZES))} answers at once")
        loads = AtOnce(node, sessions, ServerPlan(world.model, CONTEXT_TOKENS, engine))
        return engine, await loads.rounds(plan.rounds, plan.batch_tokens)


def engine_settings() -> dict[str, str]:
    """Return settings for an engine that keeps to its threads, which it else takes as they are fastest."""
    decode_threads, prefill_threads = threads_for(None)
    return {
        "LLM_OPTION_CONTEXT_SIZE": str(CONTEXT_TOKENS),
        "CORTENSOR_TUI_DECODE_THREADS": str(decode_threads),
        "CORTENSOR_TUI_PREFILL_THREADS": str(prefill_threads),
    }


def main() -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a try: little of everything")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench-engine.json")
    given = parser.parse_args()
    plan = QUICK if given.quick else Plan()
    return asyncio.run(
        run_measuring("bench-engine", lambda folder: measure(plan, folder), table, given.output)
    )


if __name__ == "__main__":
    sys.exit(main())
