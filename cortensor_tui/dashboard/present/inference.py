"""The run that is shown, in words and figures, and the others that go on beside it in a line each."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, clip, line, spread, width_of
from cortensor_tui.dashboard.format import UNKNOWN, duration, milliseconds, number, rate, rough_age
from cortensor_tui.dashboard.present import run_time
from cortensor_tui.dashboard.present.bars import bars
from cortensor_tui.dashboard.present.freshness import SPEED_FRESH_S
from cortensor_tui.dashboard.present.private import HIDDEN
from cortensor_tui.dashboard.present.timeline import seconds
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import Finished
from cortensor_tui.domain.tasks import Stage, TaskView
from cortensor_tui.node.live_messages import LiveInference, Runs

Wordings = tuple[Line, ...]
"""The same said at length and, where there is no room for that, shorter."""
_BARS_IN_LINE = 24
_WAITING = (Stage.QUEUED, Stage.ASSIGNED, Stage.ACKED)
NOTHING_YET = "no token yet"
"""Of a run beside others: its prompt is read, or it waits for room."""
IDLE = "No task has run since the node started. Press s to submit a prompt."

WATCHING = (
    "Tokens are seen where the model runs. This node watches, and shows each answer when it is on chain."
)


def heading(view: NodeView | None, now: float) -> Line:
    """Return the shown run's speed, time and task for the pane's title, and how many run and wait."""
    if view is None or view.live is None:
        return line(("idle", "muted"))
    told = _run(view, view.live, now)
    count, waiting = len(view.going_on), len(waiting_tasks(view))
    if count > 1:
        told = (*told, Span(f" · {count} at once", "accent"))
    return (*told, Span(f" · {waiting} waiting", "accent")) if waiting else told


def tokens_per_s(runs: Runs) -> float | None:
    """Return what runs give together, None as long as none of them tells."""
    known = [run.tokens_per_s for run in runs if run.tokens_per_s is not None]
    return sum(known) if known else None


def waiting_tasks(view: NodeView) -> list[TaskView]:
    """Return the tasks that wait for the engine, oldest first."""
    running = {run.key for run in view.runs if run.finished is None}
    return [task for task in view.tasks if task.stage in _WAITING and task.key not in running]


def other_runs(view: NodeView | None, most_lines: int) -> list[Line]:
    """Return a line for each run that goes on beside the one that is shown, the newest first.

    Where there may be one line only they stand in it one after the other.
    """
    if view is None or view.live is None:
        return []
    told = [_other_run(run) for run in reversed(view.going_on) if run.key != view.live.key]
    if len(told) <= most_lines:
        return told
    if most_lines == 1:
        return [tuple(span for one in told for span in (*one, Span("  ")))]
    shown = told[: most_lines - 1]
    return [*shown, line((f" and {len(told) - len(shown)} more", "muted"))]


def _other_run(run: LiveInference) -> Line:
    task = Span(f" task {run.key}", "muted")
    if run.token_count == 0:
        return (task, Span(" · ", "muted"), Span(NOTHING_YET, "accent"))
    tokens = (task, Span(" · ", "muted"), Span(f"{number(run.token_count)} tok"))
    return (*tokens, Span(" · ", "muted"), Span(rate(run.tokens_per_s)))


def ended_at(live: LiveInference, finished: Finished) -> float:
    """Return when a run ended, unix seconds."""
    first_ms = finished.prefill_ms if finished.first_token_ms is None else finished.first_token_ms
    return live.started_at + (first_ms + finished.decode_ms) / 1000


def _run(view: NodeView, live: LiveInference, now: float) -> Line:
    task = Span(f"task {live.key}", "muted")
    if live.error:
        return (Span("✖ failed  ", "bad"), task)
    if live.finished is not None:
        at = ended_at(live, live.finished)
        aged = f" {rough_age(at, now)} ago" if now - at >= SPEED_FRESH_S else ""
        speed = f"{rate(live.finished.decode_tokens_per_s)}{aged}"
        return (Span(f"{speed}  {live.finished.reason}  ", "muted"), task)
    if missing := run_time.silence(view, now):
        return (Span(f"▲ {missing}  ", "warn strong"), task)
    taken = Span(f"{duration(run_time.taken_s(live, now))}  ")
    if live.token_count == 0:
        doing = "reading the prompt" if len(view.going_on) == 1 else NOTHING_YET
        return (Span(f"{doing}  ", "accent"), taken, task)
    return (Span(f"{rate(live.tokens_per_s)}  ", "accent strong"), taken, task)


def prompt_line(view: NodeView | None, width: int) -> list[Line]:
    """Return the prompt in one line; its full text is in the task's details."""
    if view is None or view.live is None:
        return [()]
    if view.live.is_hidden:
        return [clip(line((" › ", "accent"), (HIDDEN, "muted")), width - 1)]
    return [clip(line((" › ", "accent"), inert(view.live.prompt, 2 * width)), width - 1)]


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
    told = _figures(view, view.live, now, width)
    (history,) = bars(view.rates, min(_BARS_IN_LINE, width - width_of(told) - 3), 1)
    return [spread(told, (*history, Span(" ")), width)]


def _figures(view: NodeView, live: LiveInference, now: float, width: int) -> Line:
    """Return as many of the run's figures as there is room for, those that matter most first."""
    finished = live.finished
    prompt_tokens = finished.prompt_tokens if finished else live.prompt_tokens
    facts: list[Wordings] = [(run_time.due(view, now),), *_tokens(view, live, now)]
    if prompt_tokens is not None:
        facts.append((line(("prompt ", "muted"), f"{number(prompt_tokens)} tok"),))
    if finished:
        facts.append((line(("read at ", "muted"), rate(finished.prefill_tokens_per_s)),))
    told = line(" ")
    for fact in (fact for fact in facts if fact[0]):
        joint = line((" · ", "muted")) if len(told) > 1 else ()
        longer = [(*told, *joint, *wording) for wording in fact]
        fitting = [one for one in longer if width_of(one) <= width - 2]
        if not fitting and len(told) > 1:
            break
        told = fitting[0] if fitting else longer[-1]
    return told


def _tokens(view: NodeView, live: LiveInference, now: float) -> tuple[Wordings, ...]:
    """Return how many there are, and how long the first took the engine and came after the assignment."""
    if live.token_count == 0 and live.finished is None:
        since_s = run_time.assigned_for_s(view, live, now)
        waited = "" if since_s is None else f", {duration(since_s)} after the assignment"
        return ((line((f"{NOTHING_YET}{waited}", "muted")),),)
    first_ms = live.finished.first_token_ms if live.finished else live.first_token_ms
    first = [line(("first token ", "muted"), milliseconds(first_ms))]
    if first_ms is not None:
        since_s = run_time.assigned_for_s(view, live, live.started_at + first_ms / 1000)
        if since_s is not None:
            first.insert(0, (*first[0], Span(f", {seconds(since_s)} after the assignment")))
    count = number(live.token_count) if live.token_count else UNKNOWN
    return (line(("answer ", "muted"), f"{count} tok"),), tuple(first)
