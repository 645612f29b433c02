"""`submit`: send a prompt to a session, and wait for what comes back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, with_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.options import AsJson, Env, RevealTexts, SessionId
from cortensor_tui.cli.output import (
    Exit,
    print_json,
    print_notice,
    print_problem,
    print_text,
    problem_json,
    usage_error,
)
from cortensor_tui.cli.revealing import HIDDEN
from cortensor_tui.cli.revealing import reveal as reveal_session
from cortensor_tui.cli.sending import mined_sentence, require_mined
from cortensor_tui.cli.shapes import result_json, transaction_json
from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.inert import inert, inert_lines
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.prompts import MAX_PROMPT_BYTES, TOO_LONG, context_warning
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import TaskOutcome, WaitTask
from cortensor_tui.node.messages import GetSessions, GetStatus, SessionsChanged, StatusChanged
from cortensor_tui.node.owner_messages import Sent, Submit

_PROMPT_TYPES = {"default": 0, "raw": 1, "template": 2}
_REPLY_SLACK_S = 10.0

Prompt = Annotated[
    str, typer.Argument(metavar="PROMPT", show_default=False, help="The prompt; - reads it from stdin.")
]


def _sampling(most: float, help_text: str) -> Any:
    return typer.Option(min=0, max=most, metavar="X", help=help_text)


def submit(
    session: SessionId,
    prompt: Prompt,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the task has ended; print the results.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, max=86_400, metavar="S", help="How long.")
    ] = 120.0,
    max_tokens: Annotated[int, typer.Option(min=1, max=1_000_000, metavar="N", help="Of the answer.")] = 128,
    temperature: Annotated[float, _sampling(10, "0 takes the likeliest token always.")] = 0.7,
    top_p: Annotated[float, _sampling(1, "Among the likeliest tokens of so much together.")] = 1.0,
    top_k: Annotated[
        int,
        typer.Option(min=0, max=1_000_000, metavar="N", help="Among the N likeliest tokens; 0 is all."),
    ] = 40,
    repeat_penalty: Annotated[float, _sampling(10, "Above 1, tokens come back less often.")] = 1.0,
    prompt_type: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="default, raw or template.")
    ] = "raw",
    template: Annotated[
        str, typer.Option("--template", metavar="TEXT", help="The system text for --type template.")
    ] = "",
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Submit a prompt to a session with the owner's key."""
    if prompt_type not in _PROMPT_TYPES:
        raise usage_error(f"{prompt_type!r} is no type of a prompt", remedy="Give default, raw or template")
    if template and prompt_type != "template":
        raise usage_error("--template goes with --type template", remedy="Add that, or leave it out")
    body = Submit(
        session_id=session,
        prompt=_prompt_text(prompt),
        prompt_type=_PROMPT_TYPES[prompt_type],
        prompt_template=template,
        # The chain's own integers; what it makes of the last two, the penalties, is not public: always 0.
        llm_params=(
            max_tokens,
            round(temperature * 100),
            round(top_p * 100),
            top_k,
            round(repeat_penalty * 100),
            0,
            0,
        ),
    )

    async def send_and_wait(client: NodeClient) -> tuple[Sent, TaskOutcome | Problem | None]:
        await _warn(client, body)
        if reveal:
            await reveal_session(client, session)
        sent = await ask(client, body, Sent, SEND_TIMEOUT_S)
        require_mined(sent)
        if not wait or sent.task_key is None:
            return sent, None
        waiting = WaitTask(key=sent.task_key, timeout_s=timeout)
        try:
            return sent, await ask(client, waiting, TaskOutcome, timeout + _REPLY_SLACK_S)
        except ProblemError as error:  # the task is paid for: whatever comes, its number is told
            return sent, error.problem

    sent, outcome = with_node(env, send_and_wait)
    if outcome is None:
        return _print_sent(sent, as_json)
    if isinstance(outcome, Problem):
        return _print_unknown(sent, outcome, as_json)
    return _print_outcome(sent, outcome, timeout, as_json)


async def _warn(client: NodeClient, body: Submit) -> None:
    """Say before the task is paid for what may keep it from being answered."""
    listed = await ask(client, GetSessions(), SessionsChanged)
    status = (await ask(client, GetStatus(), StatusChanged)).status
    view = next((one for one in listed.sessions if one.session.session_id == body.session_id), None)
    for warning in _warnings(view, status, body.prompt):
        print_notice(warning)


def _warnings(view: SessionView | None, status: NodeStatus, prompt: str) -> Iterator[str]:
    if view is not None and not view.session.dedicated_nodes + view.session.ephemeral_nodes:
        session_id = view.session.session_id
        yield (
            f"No node is bound to session {session_id}: the task waits until one is. "
            f"Bind this one with: {command_for(Path(status.settings_path), f'assign {session_id}')}"
        )
    is_served = view is not None and view.service is Service.SERVED
    if is_served and status.verdict is Verdict.BLOCKED and status.problem is not None:
        yield f"This node cannot answer it now: {inert(status.problem.sentence(), 500)}"
    if warning := context_warning(prompt, status.engine.context_tokens):
        yield warning


def _prompt_text(argument: str) -> str:
    """Return the prompt; from stdin without one last line feed, as shells do."""
    raw = argument.encode()
    if argument == "-":
        raw = sys.stdin.buffer.read(MAX_PROMPT_BYTES + 2)
        raw = raw.removesuffix(b"\n")
    if len(raw) > MAX_PROMPT_BYTES:
        raise usage_error(*TOO_LONG)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise usage_error("The prompt is not text in UTF-8", remedy="Convert it first") from None
    if not text.strip():
        raise usage_error("The prompt is empty", remedy="Give one, or - to read it from stdin")
    return text


def _identity(sent: Sent) -> dict[str, Any]:
    key = sent.task_key
    return {
        "session_id": key.session_id if key else sent.session_id,
        "task_id": key.task_id if key else None,
        "transaction": transaction_json(sent.transaction),
    }


def _print_sent(sent: Sent, as_json: bool) -> int:
    if as_json:
        print_json(_identity(sent))
    else:
        print_text(f"Task {sent.task_key} is submitted. {mined_sentence(sent.transaction)}")
    return Exit.DONE


def _print_unknown(sent: Sent, problem: Problem, as_json: bool) -> int:
    if as_json:
        print_json({**_identity(sent), "error": problem_json(problem)})
    else:
        print_text(f"Task {sent.task_key} is submitted; how it ended is not known.")
        print_problem(problem)
    return Exit.FAILED


def _print_outcome(sent: Sent, outcome: TaskOutcome, timeout_s: float, as_json: bool) -> int:
    problem = _unanswered(outcome, timeout_s)
    if as_json:
        document = _identity(sent)
        document["stage"] = outcome.stage
        document["is_hidden"] = outcome.is_hidden
        document["results"] = [
            result_json(result) | ({"data": None} if outcome.is_hidden else {}) for result in outcome.results
        ]
        document["clamps"] = [msgspec.to_builtins(clamp) for clamp in outcome.clamps]
        if problem is not None:
            document["error"] = problem_json(problem)
        print_json(document)
    else:
        for clamp in outcome.clamps:
            print_notice(f"{clamp.name}: {clamp.asked:g} asked, {clamp.applied:g} applied: {clamp.reason}")
        print_text(f"Task {outcome.key} is {inert(outcome.stage, 40)}.")
        for result in outcome.results:
            print_text(f"\n{inert(result.miner, 42)}  {inert(result.hash, 66)}")
            print_text(HIDDEN if outcome.is_hidden else "\n".join(inert_lines(result.data)))
        if problem is not None:
            print_problem(problem)
    return Exit.DONE if problem is None else Exit.FAILED


def _unanswered(outcome: TaskOutcome, timeout_s: float) -> Problem | None:
    see = f"See: cortensor-tui tasks {outcome.key.session_id}"
    if outcome.note:
        return Problem(
            code="task_missed",
            what=f"Task {outcome.key} was given up by this node",
            why=inert(outcome.note, 500),
            remedy=see,
        )
    if not outcome.is_ended:
        return Problem(
            code="task_not_ended",
            what=f"Task {outcome.key} has not ended after {timeout_s:g} s",
            why=f"it is {outcome.stage}; it may still end",
            remedy=see,
        )
    if not any(result.data for result in outcome.results):
        why = "no miner committed an answer in time"
        return Problem(
            code="task_without_results", what=f"Task {outcome.key} ended without results", why=why, remedy=see
        )
    return None
