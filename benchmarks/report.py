"""The figures, as a table for people and flat JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.machine import Machine

DECODE_RATIO_GOAL = 0.97
CLI_STATUS_GOAL_S = 0.4


class Pair(msgspec.Struct, frozen=True):
    """Decode speeds of one interleaved pair, tokens a second."""

    node: float
    bare: float

    @property
    def ratio(self) -> float:
        """Return the node's part of the bare speed."""
        return self.node / self.bare


class Decode(msgspec.Struct, frozen=True, kw_only=True):
    """Decode through node and dashboard beside the bare loop; `alone` was before any of that ran."""

    model: str
    prompt_tokens: int
    answer_tokens: int
    threads: tuple[int, int]
    alone: tuple[float, ...]
    pairs: tuple[Pair, ...]
    same_answers: int


Figures = dict[str, float | int | str]


def figures(
    machine: Machine, decode: Decode, acks_ms: Sequence[float], statuses_s: Sequence[float]
) -> Figures:
    """Return every figure under the name that docs/benchmarks.md explains."""
    ratios = [pair.ratio for pair in decode.pairs]
    measured: Figures = {
        "decode_ratio": round(median(ratios), 4),
        "decode_ratio_min": round(min(ratios), 4),
        "decode_ratio_max": round(max(ratios), 4),
        "decode_node_tokens_per_s": round(median(pair.node for pair in decode.pairs), 2),
        "decode_bare_tokens_per_s": round(median(pair.bare for pair in decode.pairs), 2),
        "decode_alone_tokens_per_s": round(median(decode.alone), 2),
        "decode_pairs": len(decode.pairs),
        "decode_same_answers": decode.same_answers,
        "ack_ms_p50": round(percentile(acks_ms, 50), 2),
        "ack_ms_p95": round(percentile(acks_ms, 95), 2),
        "ack_tasks": len(acks_ms),
        "cli_status_s": round(median(statuses_s), 4),
        "cli_status_min_s": round(min(statuses_s), 4),
        "cli_status_max_s": round(max(statuses_s), 4),
        "cli_status_runs": len(statuses_s),
        "model": decode.model,
        "prompt_tokens": decode.prompt_tokens,
        "answer_tokens": decode.answer_tokens,
        "decode_threads": decode.threads[0],
        "prefill_threads": decode.threads[1],
    }
    return {**measured, **msgspec.to_builtins(machine)}


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that at least this many percent do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def table(of: Figures) -> str:
    """Return the figures as lines, with goals beside those that have one."""
    is_decode_met = float(of["decode_ratio"]) >= DECODE_RATIO_GOAL
    is_status_met = float(of["cli_status_s"]) <= CLI_STATUS_GOAL_S
    rows = [
        ("decode_ratio", f"{of['decode_ratio']:.3f}", _goal(is_decode_met, f">= {DECODE_RATIO_GOAL:g}")),
        ("", f"{of['decode_ratio_min']:.3f} to {of['decode_ratio_max']:.3f}", f"{of['decode_pairs']} pairs"),
        ("  through the node", f"{of['decode_node_tokens_per_s']:.1f} tokens/s", "dashboard attached"),
        ("  bare loop", f"{of['decode_bare_tokens_per_s']:.1f} tokens/s", "beside the idle node"),
        ("  bare loop alone", f"{of['decode_alone_tokens_per_s']:.1f} tokens/s", "before anything else ran"),
        ("  same answer", f"{of['decode_same_answers']} of {of['decode_pairs']}", "byte for byte"),
        ("ack_ms_p50", f"{of['ack_ms_p50']:.1f} ms", f"{of['ack_tasks']} tasks"),
        ("ack_ms_p95", f"{of['ack_ms_p95']:.1f} ms", ""),
        ("cli_status_s", f"{of['cli_status_s']:.3f} s", _goal(is_status_met, f"<= {CLI_STATUS_GOAL_S:g}")),
        (
            "",
            f"{of['cli_status_min_s']:.3f} to {of['cli_status_max_s']:.3f}",
            f"{of['cli_status_runs']} runs",
        ),
    ]
    heads = (
        f"{of['model']}: {of['prompt_tokens']} tokens of prompt, {of['answer_tokens']} of answer, "
        f"{of['decode_threads']} decode and {of['prefill_threads']} prefill threads",
        f"{of['cpu']}, {of['cores']} cores, {of['memory_gib']} GiB, load {of['load_1m']} at the start",
        f"Python {of['python']}, llama-cpp-python {of['llama_cpp_python']}, anvil {of['anvil']}",
    )
    return "\n".join(
        [*heads, "", *(f"{name:<20}{value:>18}   {beside}".rstrip() for name, value, beside in rows)]
    )


def _goal(is_met: bool, goal: str) -> str:
    return f"goal {goal}, {'met' if is_met else 'missed'}"


def write(of: Figures, path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(of), indent=2) + b"\n")
