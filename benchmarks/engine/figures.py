"""The engine's figures, as a table for people and flat JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

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
    serial = [one.tokens_per_s / one.serial_tokens_per_s for one in compared]
    server = [one.tokens_per_s / one.server_tokens_per_s for one in compared]
    return {
        f"{name}_tokens_per_s": rounded(median(one.tokens_per_s for one in compared)),
        f"{name}_ttft_max_s": rounded(median(one.ttft_max_s for one in compared)),
        f"{name}_serial_tokens_per_s": rounded(median(one.serial_tokens_per_s for one in compared)),
        f"{name}_server_tokens_per_s": rounded(median(one.server_tokens_per_s for one in compared)),
        f"{name}_server_ttft_max_s": rounded(median(one.server_ttft_max_s for one in compared)),
        **over_rounds(f"{name}_ratio_serial", serial),
        **over_rounds(f"{name}_ratio_server", server),
        **over_rounds(
            f"{name}_ttft_ratio_server", [one.ttft_max_s / one.server_ttft_max_s for one in compared]
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
    loads = [f"{'at once, tokens/s':<24}{'node':>12}{'serial':>14}{'llama-server':>16}   first token, s"]
    for size in SIZES:
        name = f"batch{size}"
        told = [float(of[f"{name}_{key}"]) for key in ("tokens_per_s", "serial_tokens_per_s")]
        told += [float(of[f"{name}_server_tokens_per_s"])]
        first = f"{of[f'{name}_ttft_max_s']:.2f}, llama-server {of[f'{name}_server_ttft_max_s']:.2f}"
        loads.append(f"{size:<24}{told[0]:>12.1f}{told[1]:>14.1f}{told[2]:>16.1f}   {first}")
    return "\n".join([*heads, "", *goal_rows(of, GOALS), "", *sides, "", *loads])
