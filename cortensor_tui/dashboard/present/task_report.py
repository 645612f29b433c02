"""All there is to know of one task, as the lines of its detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.format import (
    UNKNOWN,
    cost,
    exact_clock,
    exact_moment,
    milliseconds,
    number,
    rate,
)
from cortensor_tui.dashboard.present.envelope import envelope_lines
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.labelled import beside, excerpt, labelled, section, short
from cortensor_tui.dashboard.present.private import answer_id_of, answer_of, prompt_id_of, prompt_of
from cortensor_tui.dashboard.present.step_times import step_lines, task_steps
from cortensor_tui.dashboard.present.tables import stage_span
from cortensor_tui.dashboard.present.timeline import Timeline, chart, seconds, timeline
from cortensor_tui.dashboard.present.transaction_lines import attempt_lines, transaction_lines
from cortensor_tui.dashboard.present.verification import verification_lines
from cortensor_tui.dashboard.stops import ReportLine, stop_at
from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.domain.verification import Verification

PROOF_TITLE = "Verification"
UNKNOWN_TASK = "This node has no such task."
OPENS_PROMPT, OPENS_ANSWER = "prompt", "answer"
_PROMPT_LINES = 6
_ANSWER_LINES = 12
_PARAMETERS = (
    ("max_tokens", "max tokens"),
    ("temperature", "temperature"),
    ("top_p", "top-p"),
    ("top_k", "top-k"),
    ("repeat_penalty", "repetition"),
    ("presence_penalty", "presence"),
    ("frequency_penalty", "frequency"),
)


_NOT_RUN_YET = frozenset({Stage.QUEUED, Stage.ASSIGNED, Stage.ACKED})


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """How the verification of a task stands: being asked for, found, or refused."""

    found: Verification | None = None
    problem: Problem | None = None


class TaskReport(msgspec.Struct, frozen=True, kw_only=True):
    """A task with what else is told of it; None is what has not been asked for or not come yet."""

    task: TaskView
    transactions: tuple[Transaction, ...] | None = None
    proof: Proof | None = None


def report_lines(
    report: TaskReport, sight: Sight, width: int, *, is_watched: bool = False
) -> list[ReportLine]:
    """Return the whole report; `is_watched`: of a task that a node without an engine watches."""
    task = report.task
    way = timeline(task, sight.now, is_watched=is_watched)
    return [
        *_stage(task, sight, width),
        *section("Way", width, _way_remark(way)),
        *_way(task, way, sight.now, width),
        *section("Texts", width),
        *_texts(task, width),
        *_figures(task, width),
        *section("Parameters", width, _parameters_remark(task, is_watched=is_watched)),
        *_parameters(task, width),
        *section("Hashes", width),
        *_hash("answer hash", "answer's hash", task.answer_hash, width),
        *_hash("prompt CID", "prompt's CID", prompt_id_of(task), width),
        *_hash("answer CID", "answer's CID", answer_id_of(task), width),
        *envelope_lines(task, width),
        *_steps(task, width),
        *_transactions(report.transactions, sight, width),
        *_proof(report.proof, width),
    ]


def _stage(task: TaskView, sight: Sight, width: int) -> list[ReportLine]:
    span = stage_span(task.stage, sight)
    shown = line((f" {span.text}", f"{span.role} strong"), (f"  task {task.key}", "muted"))
    found = stop_at([shown], "task's number", str(task.key))
    if task.note:
        label = "cause" if task.stage is Stage.MISSED else "note"
        role = "bad" if task.stage is Stage.MISSED else "plain"
        found += stop_at(labelled(label, task.note, width, role), label, task.note)
    return found


def _texts(task: TaskView, width: int) -> Iterator[ReportLine]:
    prompt, answer = prompt_of(task), answer_of(task)
    yield from stop_at(excerpt("prompt", prompt, width, _PROMPT_LINES), "prompt", prompt, OPENS_PROMPT)
    shown = excerpt("answer", answer or UNKNOWN, width, _ANSWER_LINES)
    yield from stop_at(shown, "answer", answer or "", OPENS_ANSWER if answer else "")


def _hash(label: str, name: str, value: str | None, width: int) -> list[ReportLine]:
    return stop_at(labelled(label, value or UNKNOWN, width), name, value or "")


def _way_remark(way: Timeline | None) -> str:
    if way is None:
        return "not assigned"
    return f"{seconds(way.duration_s)}{' so far' if way.is_running else ''}"


def _way(task: TaskView, way: Timeline | None, now: float, width: int) -> Iterator[Line]:
    if way is None:
        return
    yield from chart(way, width)
    yield from labelled("assigned", _assigned(task), width)
    for run in task.lost_runs:
        lost = f"{exact_clock(run.at)}, the engine died: {run.why}; the task was run again"
        yield from labelled("lost run", lost, width, "warn")
    if task.ended_at is not None:
        yield from labelled("ended", exact_moment(task.ended_at), width)
    if way.deadline_at is not None:
        yield _deadline(way, now)
    elif task.stage.is_final and task.deadline_at is not None:
        yield from labelled("deadline", _last_deadline(task, task.deadline_at), width)


def _assigned(task: TaskView) -> str:
    block = task.times.assigned_block
    return exact_moment(task.assigned_at) + ("" if block is None else f", block {number(block)}")


def _deadline(way: Timeline, now: float) -> Line:
    left_s = (way.deadline_at or 0.0) - now
    said = f"in {seconds(left_s)}" if left_s >= 0 else f"{seconds(-left_s)} ago"
    role = "plain" if left_s >= 0 else "bad"
    [found] = beside("deadline", [line((said, role), (f", at {exact_clock(way.deadline_at)}", "muted"))])
    return found


def _last_deadline(task: TaskView, deadline_at: float) -> str:
    """Return when the last step of a task that is over was due, and what became of it."""
    done_at = {
        "ack": task.times.ack_mined_at,
        "precommit": task.times.precommit_mined_at,
        "commit": task.times.commit_mined_at or task.committed_at,
    }[task.deadline_of or "ack"]
    due = f"{task.deadline_of} due {exact_clock(deadline_at)}"
    at = done_at or task.ended_at
    if at is None:
        return due
    what = "mined" if done_at else "not mined; ended"
    side = "before it" if at <= deadline_at else "after it"
    return f"{due}, {what} {seconds(abs(deadline_at - at))} {side}"


def _figures(task: TaskView, width: int) -> Iterator[Line]:
    tokens = f"prompt {number(task.prompt_tokens)}, answer {number(task.answer_tokens)}"
    yield from labelled("tokens", tokens, width)
    speed = f"prefill {rate(task.prefill_tokens_per_s)}, decode {rate(task.decode_tokens_per_s)}"
    yield from labelled("speed", speed, width)
    yield from labelled("first token", _first_token(task), width)
    if task.gas_fee_wei is not None:
        yield from labelled("gas paid", cost(task.gas_fee_wei, 9), width)


def _first_token(task: TaskView) -> str:
    by_engine = milliseconds(task.first_token_ms)
    if task.times.first_token_at is None or task.assigned_at is None:
        return by_engine
    return f"{by_engine}, {seconds(task.times.first_token_at - task.assigned_at)} after the assignment"


def _parameters_remark(task: TaskView, *, is_watched: bool) -> str:
    if task.asked is None:
        return "unknown"
    if task.applied is None:
        is_unknown = is_watched or task.stage not in _NOT_RUN_YET
        return "as asked; which were applied is unknown" if is_unknown else "as asked; not applied yet"
    return "applied as asked" if task.applied == task.asked else "asked and applied differ"


def _parameters(task: TaskView, width: int) -> Iterator[Line]:
    """Yield a line a parameter where asked and applied differ, else one line for all."""
    if task.asked is None:
        return
    if task.applied is None or task.applied == task.asked:
        shown = ", ".join(f"{title} {_value(task.asked, name)}" for name, title in _PARAMETERS)
        yield from labelled("", shown, width)
        return
    reasons = {clamp.name: clamp.reason for clamp in task.clamps}
    for name, title in _PARAMETERS:
        asked, applied = _value(task.asked, name), _value(task.applied, name)
        differs = asked != applied
        said = f"{asked} asked, {applied} applied" if differs else applied
        reason = f": {short(reasons[name])}" if name in reasons else ""
        yield from labelled(title, said + reason, width, "warn" if differs else "plain")


def _value(params: SamplingParams, name: str) -> str:
    return f"{getattr(params, name):g}"


def _steps(task: TaskView, width: int) -> Iterator[Line]:
    if task.assigned_at is not None:
        yield from section("Steps", width, "each with the time since the one before")
        yield from step_lines(task_steps(task), width)


def _transactions(
    transactions: Sequence[Transaction] | None, sight: Sight, width: int
) -> Iterator[ReportLine]:
    if transactions is None:
        yield from section("Transactions", width, "reading …")
        return
    yield from section("Transactions", width, "" if transactions else "none yet")
    for one in sorted(transactions, key=lambda one: one.transaction_id):
        yield from transaction_lines(one, sight, width)
        if len(one.attempts) > 1:
            yield from attempt_lines(one, width)


def _proof(proof: Proof | None, width: int) -> Iterator[ReportLine]:
    if proof is None:
        yield from section(PROOF_TITLE, width, "v proves it against the chain")
        return
    if proof.problem is not None:
        yield from section(PROOF_TITLE, width, "could not be made")
        yield from labelled("", proof.problem.sentence(), width, "bad")
        return
    yield from section(PROOF_TITLE, width, "" if proof.found else "reading the chain …")
    if proof.found is not None:
        yield from verification_lines(proof.found, width)


def copied(task: TaskView) -> tuple[str, str]:
    """Return what `y` copies of a task, and what that is called."""
    return (task.answer_hash, "answer's hash") if task.answer_hash else (str(task.key), "task's number")


def cause_of(task: TaskView) -> Span | None:
    """Return why a task was missed, for one line, None where it was not."""
    return Span(short(task.note) or "no cause is known", "bad") if task.stage is Stage.MISSED else None
