"""What can go wrong with a model server, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.inference.openai_http.faults import Fault, ServerError, words_of
from cortensor_tui.inference.openai_http.repeats import repeats
from cortensor_tui.inference.problems import GAVE_UP

_CHECK = "Check CORTENSOR_TUI_ENGINE_URL and that the server runs"
_FAILINGS = {
    Fault.SILENT: "does not answer",
    Fault.UNREACHED: "cannot be reached",
    Fault.BROKEN_OFF: "hung up",
    Fault.LOADING: "is not ready",
    Fault.BUSY: "refuses requests as too many",
    Fault.REFUSED: "refuses requests",
    Fault.FAILED: "fails",
    Fault.GARBLED: "gives no usable answer",
}
_TOO_LONG_TYPES = frozenset({"exceed_context_size_error", "context_length_exceeded"})
_TOO_LONG_WORDS = ("context length", "context size", "context window")
_MOST_LISTED = 5


def server_failed(name: str, error: ServerError) -> Problem:
    """Say why a server cannot be worked with now."""
    if error.fault is Fault.FORBIDDEN:
        return Problem(
            code=GAVE_UP,
            what=f"The model server {name} wants another access token",
            why=error.why,
            remedy="Mend the file that CORTENSOR_TUI_ENGINE_TOKEN_FILE names, or set "
            "CORTENSOR_TUI_ENGINE_TOKEN and start the node again",
        )
    if error.fault is Fault.NO_SUCH_PATH:
        return not_compatible(name, error.why)
    what = f"The model server {name} {_FAILINGS[error.fault]}"
    return Problem(code=GAVE_UP, what=what, why=error.why, remedy=_CHECK)


def not_compatible(name: str, why: str) -> Problem:
    """Say that what answers is no server that we know how to ask."""
    return Problem(
        code=GAVE_UP,
        what=f"The server {name} does not speak OpenAI's interface",
        why=f"it has no list of models at /v1/models ({why})",
        remedy="Check host, port and path of CORTENSOR_TUI_ENGINE_URL",
    )


def no_model(name: str, wanted: str, listed: Iterable[str]) -> Problem:
    """Say that the server has not the model that the settings name, or none at all."""
    ids = list(listed)
    if not ids:
        return Problem(
            code=GAVE_UP,
            what=f"The model server {name} has no model",
            why="its list of models is empty",
            remedy="Load a model there",
        )
    more = f" and {len(ids) - _MOST_LISTED} more" if len(ids) > _MOST_LISTED else ""
    return Problem(
        code=GAVE_UP,
        what=f"The model server {name} has no model {wanted}",
        why=f"it lists {', '.join(ids[:_MOST_LISTED])}{more}",
        remedy="Set CORTENSOR_TUI_ENGINE_MODEL to one of them, or load it there",
    )


def takes_no_run(name: str, state: EngineState) -> Problem:
    """Say that a server was asked while it is not ready."""
    return Problem(
        code=GAVE_UP,
        what=f"The model server {name} takes no tasks now",
        why=f"it is {state}" if state is not EngineState.FAILED else "it was lost",
        remedy="The node keeps trying and goes on by itself",
    )


def run_failed(error: ServerError, texts: Iterable[str], context_tokens: int) -> ProblemError:
    """Return why a run gave no answer; `texts` are the prompt's, which no problem may repeat.

    What may pass is "engine_died", so that the run is asked again.
    """
    why = error.why
    if repeats(words_of(error.said), texts):
        why = f"{why.partition(':')[0]} (the server's words repeat the prompt and are left out)"
    if is_too_long(error):
        return problem_error(
            "prompt_too_long",
            f"The prompt does not fit into the context of {context_tokens} tokens",
            why,
            "Shorten the prompt, or give the model server a larger context",
        )
    match error.fault:
        case Fault.REFUSED | Fault.NO_SUCH_PATH | Fault.FORBIDDEN:
            return problem_error(
                "engine_refused",
                "The model server refuses the task",
                why,
                "Check CORTENSOR_TUI_ENGINE_MODEL and the server's own log",
            )
        case Fault.BUSY:
            return problem_error(
                "engine_busy",
                "The model server took no run in time",
                why,
                "Let it take more at once, or send fewer tasks to this node",
            )
    return ProblemError(
        Problem(
            code="engine_died",
            what="The model server did not finish its answer",
            why=why,
            remedy="The task is run again by itself",
        )
    )


def is_too_long(error: ServerError) -> bool:
    """Tell whether a prompt was refused for its length."""
    if {str(error.said.get("type")), str(error.said.get("code"))} & _TOO_LONG_TYPES:
        return True
    words = words_of(error.said).lower()
    return error.fault is Fault.REFUSED and any(phrase in words for phrase in _TOO_LONG_WORDS)
