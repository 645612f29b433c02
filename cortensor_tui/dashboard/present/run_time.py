"""How long the shown run has taken, what is left of its time, and whether it is silent for too long."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.format import duration
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.node.live_messages import LiveInference

_LEAST_TOKEN_S = 5.0
_SLOW_TOKEN_S = 10.0
_TOKENS_MISSING = 20
"""Silence is told once so many tokens would have come at the run's own speed."""
_LEAST_PROMPT_S = 10.0
_SLOW_PROMPT_S = 30.0
_TIMES_LONGER = 3
"""A prompt is read for long when it takes so many times as long as any before it."""


def is_running(view: NodeView) -> bool:
    """Tell whether the engine works on the task that is shown."""
    return view.live is not None and not view.live.is_over


def taken_s(live: LiveInference, now: float) -> float:
    """Return for how long the engine has had the prompt."""
    return max(0.0, now - live.started_at)


def assigned_for_s(view: NodeView, live: LiveInference, at: float) -> float | None:
    """Return for how long its task was assigned at `at`, None where that is not known."""
    task = view.task(live.key)
    return None if task is None or task.assigned_at is None else max(0.0, at - task.assigned_at)


def silence(view: NodeView, now: float) -> str:
    """Return what does not come and for how long, empty where that is no longer than usual."""
    live, engine = view.live, view.status.engine
    if live is None or not is_running(view):
        return ""
    if engine.silent_since is not None:
        return f"engine silent for {duration(now - engine.silent_since)}"
    quiet_s = now - _heard_at(view, live)
    if quiet_s < _usual_s(view, live):
        return ""
    return f"no token for {duration(quiet_s)}"


def _heard_at(view: NodeView, live: LiveInference) -> float:
    """Return when a run was heard of last; one without a token may wait for room beside others that speak."""
    own_at = live.token_at or live.started_at
    if live.token_count:
        return own_at
    return max(own_at, *(run.token_at or 0.0 for run in view.going_on))


def _usual_s(view: NodeView, live: LiveInference) -> float:
    """Return how long nothing may come: the prompt is read as long as others were, or tokens flow."""
    if live.token_count:
        rate = live.tokens_per_s
        return max(_LEAST_TOKEN_S, _TOKENS_MISSING / rate) if rate else _SLOW_TOKEN_S
    known_ms = [task.first_token_ms for task in view.tasks if task.first_token_ms is not None]
    return max(_LEAST_PROMPT_S, _TIMES_LONGER * max(known_ms) / 1000) if known_ms else _SLOW_PROMPT_S


def due(view: NodeView, now: float) -> Line:
    """Return when the step that the run is for is due; nothing while no task runs."""
    if view.live is None or not is_running(view):
        return ()
    task = view.task(view.live.key)
    if task is None or task.deadline_at is None:
        return line(("deadline unknown", "muted"))
    left_s = task.deadline_at - now
    if left_s < 0:
        return line((f"✖ due {duration(-left_s)} ago", "bad"))
    return (Span("due in ", "muted"), Span(duration(left_s)))
