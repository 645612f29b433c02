"""The engine's figures, as a table for people and flat JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.engine.answers import Speed
from benchmarks.engine.at_once import SIZES, Compared
from benchmarks.engine.engine_made import EngineMade
from benchmarks.engine.one_stream import Round
from benchmarks.goals import Goal, goal_rows, over_rounds, rounded
from benchmarks.machine import Machine
from benchmarks.report import Figures

GOALS = {
    "decode_ratio": Goal(0.97, is_least=True),
    "prefill_ratio": Goal(0.97, is_least=True),
    "ttft_added_ms": Goal(5, "ms"),
    "batch4_ratio_serial": Goal(1.2, is_least=True),
    "batch4_ratio_server": Goal(1.0, is_least=True),
    "batch4_ttft_ratio_server": Goal(1.0),
}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured."""

    model: str
    llama_cpp: str
    engine: EngineMade
    batch_answer_tokens: int


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured: one stream, and several tasks at once by how many."""

    subject: Subject
    rounds: Sequence[Round]
    loads: dict[int, list[Compared]]


def figures(machine: Machine, measured: Measured) -> Figures:
    """Return every figure under the name that docs/benchmarks.md explains."""
    found = _one_stream(measured.rounds)
    for size, compared in measured.loads.items():
        found |= _at_once(f"batch{size}", compared)
    subject = measured.subject
    return {
        **found,
        "model": subject.model,
        "llama_cpp": subject.llama_cpp,
        **msgspec.to_builtins(subject.engine),
        "batch_answer_tokens": subject.batch_answer_tokens,
        **msgspec.to_builtins(machine),
    }


def _one_stream(rounds: Sequence[Round]) -> Figures:
    found: Figures = {}
    for name in ("decode", "prefill"):
        node, bench, binding = (
            [getattr(getattr(one, side), name) for one in rounds] for side in ("node", "bench", "binding")
        )
        found |= {
            **over_rounds(f"{name}_ratio", [ours / its for ours, its in zip(node, bench, strict=True)]),
            **over_rounds(
                f"binding_{name}_ratio", [ours / its for ours, its in zip(binding, bench, strict=True)]
            ),
            f"{name}_node_tokens_per_s": rounded(median(node)),
            f"{name}_bench_tokens_per_s": rounded(median(bench)),
            f"{name}_binding_tokens_per_s": rounded(median(binding)),
        }
    return {
        **found,
        **over_rounds("ttft_added_ms", [one.ttft_added_ms for one in rounds]),
        "handover_ms": rounded(median(one.handover_ms for one in rounds)),
        "prompt_tokens": rounds[0].prompt_tokens,
        "answer_tokens": rounds[0].answer_tokens,
    }


def _at_once(name: str, compared: Sequence[Compared]) -> Figures:
    node = [one.node for one in compared]
    serial = [one.serial_tokens_per_s for one in compared]
    ratio_serial = [ours.tokens_per_s / its for ours, its in zip(node, serial, strict=True)]
    return {
        **_speed(name, node),
        f"{name}_serial_tokens_per_s": rounded(median(serial)),
        **over_rounds(f"{name}_ratio_serial", ratio_serial),
        **_beside(name, "server", node, [one.server for one in compared]),
        **_beside(name, "server_split", node, [one.split_server for one in compared]),
    }


def _speed(name: str, speeds: Sequence[Speed]) -> Figures:
    return {
        f"{name}_tokens_per_s": rounded(median(speed.tokens_per_s for speed in speeds)),
        f"{name}_ttft_max_s": rounded(median(speed.ttft_max_s for speed in speeds)),
    }


def _beside(name: str, server: str, node: Sequence[Speed], its: Sequence[Speed]) -> Figures:
    pairs = list(zip(node, its, strict=True))
    return {
        **_speed(f"{name}_{server}", its),
        **over_rounds(
            f"{name}_ratio_{server}", [one.tokens_per_s / other.tokens_per_s for one, other in pairs]
        ),
        **over_rounds(
            f"{name}_ttft_ratio_{server}", [one.ttft_max_s / other.ttft_max_s for one, other in pairs]
        ),
    }


def table(of: Figures) -> str:
    """Return the figures as lines: what was measured on what, the goals, then all sides beside each other."""
    heads = (
        f"{of['model']}: {of['prompt_tokens']} tokens of prompt, {of['answer_tokens']} of answer, "
        f"{of['decode_threads']} decode and {of['prefill_threads']} prefill threads",
        f"{of['cpu']}, {of['cores']} cores, {of['memory_gib']} GiB, load {of['load_1m']} at the start",
        f"Python {of['python']}, llama-cpp-python {of['llama_cpp_python']}, llama.cpp {of['llama_cpp']}",
    )
    sides = [f"{'tokens/s':<24}{'node':>12}{'llama-bench':>14}{'plain binding':>16}"]
    for name in ("decode", "prefill"):
        values = [float(of[f"{name}_{side}_tokens_per_s"]) for side in ("node", "bench", "binding")]
        sides.append(f"{name:<24}{values[0]:>12.1f}{values[1]:>14.1f}{values[2]:>16.1f}")
    return "\n".join([*heads, "", *goal_rows(of, GOALS), "", *sides, "", *_loads(of)])


def _loads(of: Figures) -> list[str]:
    lines = [
        f"{'at once, tokens/s':<20}{'node':>8}{'serial':>9}{'llama-server':>15}{'split':>8}   first token, s"
    ]
    sides = ("", "_serial", "_server", "_server_split")
    for size in SIZES:
        name = f"batch{size}"
        speeds = [float(of[f"{name}{side}_tokens_per_s"]) for side in sides]
        firsts = [f"{of[f'{name}{side}_ttft_max_s']:.2f}" for side in sides if side != "_serial"]
        row = "".join(f"{speed:>{wide}.1f}" for speed, wide in zip(speeds, (8, 9, 15, 8), strict=True))
        lines.append(f"{size:<20}{row}   {firsts[0]}, llama-server {firsts[1]}, split {firsts[2]}")
    return lines
