"""`make bench-tui`: measure the dashboard, print a table, write build/bench-tui.json. Goals are only told."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

import msgspec

from benchmarks.machine import this_machine
from benchmarks.processes import REPOSITORY
from benchmarks.report import Figures
from benchmarks.running import measured_model, run_measuring, say
from benchmarks.served import BLOCK_S, anvil_world, bound_node
from benchmarks.tui.attached import pairs
from benchmarks.tui.big import big
from benchmarks.tui.figures import Measured, figures, table
from benchmarks.tui.hangup import exits_s
from benchmarks.tui.resting import rest
from benchmarks.tui.starting import starts
from benchmarks.tui.streaming import streaming


class Plan(msgspec.Struct, frozen=True):
    """How much to measure."""

    starts: int = 15
    rounds: int = 5
    seconds: int = 20
    presses: int = 60
    pairs: int = 9
    tokens: int = 256
    hang_ups: int = 3
    scale: float = 1.0


QUICK = Plan(starts=3, rounds=2, seconds=5, presses=12, pairs=1, tokens=48, hang_ups=1, scale=0.05)


async def measure(plan: Plan, folder: Path) -> Figures:
    """Measure everything. Raises `BenchmarkError` or `ProblemError` where something does not run."""
    machine = this_machine()
    model = await measured_model()
    say("beside a scripted node that streams")
    live = await streaming(folder, plan.rounds, plan.seconds, plan.presses)
    say("beside a scripted node with a long past")
    long_past = await big(folder, plan.presses, plan.scale)
    say("starting a devnet on anvil and a node")
    async with anvil_world(folder, model, block_s=BLOCK_S) as world:
        settings = world.settings(LLM_OPTION_CPU_THREADS="1")
        async with bound_node(world, settings) as node:
            say(f"{plan.starts} starts")
            started = await starts(settings, plan.starts)
            say(f"at rest, {plan.rounds} times {plan.seconds} s")
            resting = await rest(settings, node.pid, plan.rounds, plan.seconds)
            say(f"{plan.pairs} pairs of answers, watched and not")
            watched = await pairs(settings, node, plan.pairs, plan.tokens)
            say(f"{plan.hang_ups} hang-ups")
            ended = await exits_s(settings, plan.hang_ups)
    return figures(
        machine,
        Measured(starts=started, rest=resting, streaming=live, big=long_past, pairs=watched, exits_s=ended),
    )


def main() -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tui", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a try: little of everything, on a shorter past")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench-tui.json")
    given = parser.parse_args()
    for name in ("NO_COLOR", "TEXTUAL_FPS", "SSH_CONNECTION"):
        os.environ.pop(name, None)
    plan = QUICK if given.quick else Plan()
    return asyncio.run(run_measuring("bench-tui", lambda folder: measure(plan, folder), table, given.output))


if __name__ == "__main__":
    sys.exit(main())
