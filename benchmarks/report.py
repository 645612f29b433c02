"""The figures, as a table for people and flat JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.chain_calls import CallCosts
from benchmarks.machine import Machine
from benchmarks.steps import StepTimes
from benchmarks.traffic import IdleTraffic

DECODE_RATIO_GOAL = 0.97
CLI_STATUS_GOAL_S = 0.4
STEP_GOALS_MS = {"ack": 30, "block_to_ack": 300, "precommit": 30, "commit": 30}  # of the 95th percentile
BATCHED_CALL_GOAL_MS = 0.1
IDLE_GOAL_PER_S, IDLE_STANDBY_GOAL_PER_S = 2.0, 0.1


class Pair(msgspec.Struct, frozen=True):
    """Decode speeds of one interleaved pair, tokens a second."""

    node: float
    bare: float

    @property
    def ratio(self) -> float:
        """Return the node's part of the bare speed."""
        return self.node / self.bare


class ChainFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the chain room costs and how fast it is."""

    calls: CallCosts
    backfill_per_s: float
    events: int
    steps: StepTimes
    idle: IdleTraffic


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


def figures(machine: Machine, decode: Decode, chain: ChainFigures, statuses_s: Sequence[float]) -> Figures:
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
        **_chain_figures(chain),
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


def _chain_figures(chain: ChainFigures) -> Figures:
    found: Figures = {
        **{name: round(value, 4) for name, value in msgspec.structs.asdict(chain.calls).items()},
        "backfill_events_per_s": round(chain.backfill_per_s, 1),
        "backfill_events": chain.events,
    }
    for step in STEP_GOALS_MS:
        values = getattr(chain.steps, step)
        found[f"{step}_ms_p50"] = round(percentile(values, 50), 2)
        found[f"{step}_ms_p95"] = round(percentile(values, 95), 2)
        found[f"{step}_tasks"] = len(values)
    found["idle_requests_per_s"] = round(chain.idle.in_use_per_s, 3)
    found["idle_standby_requests_per_s"] = round(chain.idle.standby_per_s, 3)
    found["idle_s"] = chain.idle.seconds
    return found


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
        *_chain_rows(of),
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
        [*heads, "", *(f"{name:<22}{value:>18}   {beside}".rstrip() for name, value, beside in rows)]
    )


def _chain_rows(of: Figures) -> list[tuple[str, str, str]]:
    rows = []
    for step, goal_ms in STEP_GOALS_MS.items():
        p95 = float(of[f"{step}_ms_p95"])
        rows.append((f"{step}_ms_p50", f"{of[f'{step}_ms_p50']:.1f} ms", f"{of[f'{step}_tasks']} tasks"))
        rows.append((f"{step}_ms_p95", f"{p95:.1f} ms", _goal(p95 <= goal_ms, f"<= {goal_ms:g}")))
    batched, idle = float(of["batched_call_ms"]), float(of["idle_requests_per_s"])
    standby = float(of["idle_standby_requests_per_s"])
    return [
        *rows,
        (
            "batched_call_ms",
            f"{batched:.3f} ms",
            _goal(batched <= BATCHED_CALL_GOAL_MS, f"<= {BATCHED_CALL_GOAL_MS:g}"),
        ),
        ("web3_call_ms", f"{of['web3_call_ms']:.3f} ms", "the same call through web3.py"),
        ("backfill", f"{of['backfill_events_per_s']:.0f} events/s", f"{of['backfill_events']} events"),
        ("idle", f"{idle:.2f} requests/s", _goal(idle <= IDLE_GOAL_PER_S, f"<= {IDLE_GOAL_PER_S:g}")),
        (
            "idle, standby",
            f"{standby:.2f} requests/s",
            _goal(standby <= IDLE_STANDBY_GOAL_PER_S, f"<= {IDLE_STANDBY_GOAL_PER_S:g}"),
        ),
    ]


def _goal(is_met: bool, goal: str) -> str:
    return f"goal {goal}, {'met' if is_met else 'missed'}"


def write(of: Figures, path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(of), indent=2) + b"\n")
