"""The run going on, in words and figures."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, clip, line, spread, width_of
from cortensor_tui.dashboard.format import UNKNOWN, duration, milliseconds, number, rate
from cortensor_tui.dashboard.present import run_time
from cortensor_tui.dashboard.present.bars import bars
from cortensor_tui.dashboard.present.private import HIDDEN
from cortensor_tui.dashboard.present.timeline import seconds
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import Finished
from cortensor_tui.domain.tasks import Stage, TaskView
from cortensor_tui.node.live_messages import LiveInference

_BARS_IN_LINE = 24
_WAITING = (Stage.QUEUED, Stage.ASSIGNED, Stage.ACKED)
IDLE = "No task has run since the node started. Press s to submit a prompt."

WATCHING = (
    "Tokens are seen where the model runs. This node watches, and shows each answer when it is on chain."
)


def heading(view: NodeView | None, now: float) -> Line:
    """Return speed, time and task for the pane's title, and how many tasks wait for the engine."""
    if view is None or view.live is None:
        return line(("idle", "muted"))
    waiting = len(waiting_tasks(view))
    return (*_run(view, view.live, now), *((Span(f" · {waiting} waiting", "accent"),) if waiting else ()))


def waiting_tasks(view: NodeView) -> list[TaskView]:
    """Return the tasks that wait for the engine, oldest first."""
    running = view.live.key if view.live is not None and view.live.finished is None else None
    return [task for task in view.tasks if task.stage in _WAITING and task.key != running]


def _run(view: NodeView, live: LiveInference, now: float) -> Line:
    task = Span(f"task {live.key}", "muted")
    if live.error:
        return (Span("✖ failed  ", "bad"), task)
    if live.finished is not None:
        return (Span(f"{rate(live.finished.decode_tokens_per_s)}  {live.finished.reason}  ", "muted"), task)
    if missing := run_time.silence(view, now):
        return (Span(f"▲ {missing}  ", "warn strong"), task)
    taken = Span(f"{duration(run_time.taken_s(live, now))}  ")
    if live.token_count == 0:
        return (Span("reading the prompt  ", "accent"), taken, task)
    return (Span(f"{rate(live.tokens_per_s)}  ", "accent strong"), taken, task)


def prompt_line(view: NodeView | None, width: int) -> list[Line]:
    """Return the prompt in one line; its full text is in the task's details."""
    if view is None or view.live is None:
        return [()]
    if view.live.is_hidden:
        return [clip(line((" › ", "accent"), (HIDDEN, "muted")), width - 1)]
    return [clip(line((" › ", "accent"), inert(view.live.prompt, 1000)), width - 1)]


def nothing_to_read(live: LiveInference | None, *, is_watching: bool = False) -> str:
    """Return what stands in the answer's place while there is none, or where it was kept back."""
    if live is None:
        return WATCHING if is_watching else IDLE
    return HIDDEN if live.is_hidden else ""


def figures(view: NodeView | None, now: float, width: int) -> list[Line]:
    """Return deadline, first token, tokens and prompt length with the last rates, or what ended the run."""
    if view is None or view.live is None:
        return [()]
    if view.live.error:
        return [line((f" ✖ {inert(view.live.error, 300)}", "bad"))]
    told = _figures(view, view.live, view.live.finished, now)
    (history,) = bars(view.rates, min(_BARS_IN_LINE, width - width_of(told) - 3), 1)
    return [spread(told, (*history, Span(" ")), width)]


def _figures(view: NodeView, live: LiveInference, finished: Finished | None, now: float) -> Line:
    first_ms = finished.first_token_ms if finished else live.first_token_ms
    prompt_tokens = finished.prompt_tokens if finished else live.prompt_tokens
    prefill = f", {rate(finished.prefill_tokens_per_s)}" if finished else ""
    in_all_s = run_time.in_all_s(view, live, first_ms)
    due = run_time.due(view, now)
    return line(
        " ",
        *((*due, Span(" · ", "muted")) if due else ()),
        ("answer ", "muted"),
        f"{number(live.token_count) if live.token_count else UNKNOWN} tok",
        (" · first token ", "muted"),
        milliseconds(first_ms) + ("" if in_all_s is None else f", in all {seconds(in_all_s)}"),
        (" · prompt ", "muted"),
        f"{number(prompt_tokens)} tok{prefill}",
    )
