"""`verify`: whether what is on chain is what the model said, line by line, with a verdict."""

from __future__ import annotations

from typing import Annotated

import typer

from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import iso_time, short_hash, table
from cortensor_tui.cli.options import AsJson, Env, RevealTexts, id_number
from cortensor_tui.cli.output import Exit, print_json, print_problem, print_text, problem_json
from cortensor_tui.cli.revealing import HIDDEN, ask_for_texts
from cortensor_tui.cli.shapes import verification_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.verification import Finding, ProofCheck, ProofVerdict, Verification
from cortensor_tui.node.history_messages import Verify

ANSWER_TIMEOUT_S = 60.0  # some twenty reads, on a slow public chain

_EXITS = {
    ProofVerdict.PROVEN: Exit.DONE,
    ProofVerdict.REFUTED: Exit.FAILED,
    ProofVerdict.NOT_PROVEN: Exit.UNTOLD,
}
_MARKS = {Finding.HOLDS: "ok", Finding.FAILS: "FAILS", Finding.UNKNOWN: "?", Finding.NOTED: "-"}
_MAX_DETAIL = 400

TaskName = Annotated[
    list[str],
    typer.Argument(
        metavar="SESSION/TASK",
        show_default=False,
        help="The task by both ids, as lists show it; a space does for the slash.",
    ),
]


def verify(
    task: TaskName,
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Prove that what is on chain is what the model said: exit 0 proven, 1 refuted, 4 cannot be told."""
    try:
        found = ask_for_texts(
            env,
            Verify(key=_task_named(task)),
            Verification,
            _hidden_sessions,
            is_revealing=reveal,
            timeout_s=ANSWER_TIMEOUT_S,
        )
    except ProblemError as error:
        if error.problem.code == "no_node":
            raise
        if as_json:
            print_json({"error": problem_json(error.problem)})
        else:
            print_problem(error.problem)
        return Exit.UNTOLD  # 1 would say that it is refuted
    if as_json:
        print_json(verification_json(found))
    else:
        print_text(_text(found))
    return _EXITS[found.verdict]


def _task_named(words: list[str]) -> TaskKey:
    ids = "/".join(words).split("/")
    if len(ids) != 2:
        raise typer.BadParameter("name one task by its session's id and its own, such as 3/7")
    session_id, task_id = map(id_number, ids)
    return TaskKey(session_id, task_id)


def _hidden_sessions(found: Verification) -> list[int]:
    return [found.key.session_id] if found.is_hidden else []


def _text(found: Verification) -> str:
    title = (
        f"Task {found.key}, node {inert(found.node_address, 42)}, "
        f"queue {inert(found.queue_address, 42)} on chain {found.chain_id}"
    )
    befores = (None, *found.checks)
    rows = [
        (_MARKS[check.finding], inert(check.title), _compared(check), _where(check, before))
        for check, before in zip(found.checks, befores, strict=False)
    ]
    return f"{title}\n\n{table(('', 'CHECK', 'COMPARED', 'WHERE'), rows)}\n\n{_verdict(found)}"


def _verdict(found: Verification) -> str:
    return f"{found.verdict.value.upper()}: {inert(found.summary, 2 * _MAX_DETAIL)}"


def _compared(check: ProofCheck) -> str:
    """Return both values, one where they are the same, and what is wrong or not known."""
    expected, found = (_short(value) for value in (check.expected, check.found))
    if check.is_hidden:
        values = HIDDEN
    elif check.expected and check.found and check.expected != check.found:
        values = f"{expected} here, {found} there"
    else:
        values = expected or found
    detail = inert(check.detail, _MAX_DETAIL)
    return f"{values}: {detail}" if values and detail else values or detail


def _short(value: str) -> str:
    """Return a hash, an address or a content id by its ends; other values whole."""
    text = inert(value, _MAX_DETAIL)
    return text if " " in text else short_hash(text)


def _where(check: ProofCheck, before: ProofCheck | None) -> str:
    """Return transaction and block; a line about the same ones as the line before is short."""
    place = check.place
    if place is None:
        return ""
    if before is not None and before.place == place:
        return "the same"
    parts = [f"tx {_short(place.transaction_hash)}"] if place.transaction_hash else []
    if place.block_number is not None:
        parts.append(f"block {place.block_number}")
    if place.block_hash:
        parts.append(_short(place.block_hash))
    if place.block_at is not None:
        parts.append(str(iso_time(place.block_at)))
    return " ".join(parts)
