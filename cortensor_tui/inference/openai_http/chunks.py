"""One event of a streamed answer, of whichever server: what it adds to the text and what it tells of the run.

The shapes are OpenAI's for chat and text completions, and llama-server's additions to them: `timings`,
`prompt_progress` (its tools/server/README.md).
"""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.inference.openai_http.faults import (
    Fault,
    ServerError,
    decoded,
    error_object,
    words_of,
)

DONE = b"[DONE]"
_MOST = 2**53
_BROKEN_OFF = frozenset({"error", "abort"})


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says; None and "" stand for what it does not.

    `is_prompt_read` is set where the server tells that it has read the whole prompt.
    """

    text: str = ""
    finish_reason: str = ""
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    reused_tokens: int | None = None
    prefill_ms: float | None = None
    decode_ms: float | None = None
    is_prompt_read: bool = False


def read_chunk(data: bytes) -> Chunk:
    """Read an event's data. Raises `ServerError` where it is an error, or nothing that makes sense."""
    answer = decoded(data)
    if not isinstance(answer, dict):
        raise ServerError(Fault.GARBLED, "it sent an event that is no object")
    if said := error_object(answer):
        raise stream_error(said)
    choice = _first_choice(answer)
    finish_reason = _text(choice, "finish_reason")
    if finish_reason in _BROKEN_OFF:
        raise ServerError(Fault.FAILED, f"it ended the answer with {finish_reason!r}")
    measured = {**_of_usage(_part(answer, "usage")), **_of_progress(_part(answer, "prompt_progress"))}
    measured |= _of_timings(_part(answer, "timings"))
    return Chunk(text=_text_of(choice), finish_reason=finish_reason, **measured)


def stream_error(said: dict[str, Any]) -> ServerError:
    """Return the error that a server put into the stream, where no HTTP status can tell any more."""
    words = words_of(said)
    return ServerError(Fault.FAILED, f"it said: {words}" if words else "it said that it failed", said)


def _first_choice(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    found = choices[0] if isinstance(choices, list) and choices else {}
    return found if isinstance(found, dict) else {}


def _text_of(choice: dict[str, Any]) -> str:
    delta = _part(choice, "delta")
    return _text(delta, "content") or _text(choice, "text")


def _of_usage(usage: dict[str, Any]) -> dict[str, Any]:
    if not usage.get("prompt_tokens"):
        return {}  # Ollama's text completions say 0 of everything in each event but the last
    return {
        "prompt_tokens": _count(usage, "prompt_tokens"),
        "answer_tokens": _count(usage, "completion_tokens"),
        "reused_tokens": _count(_part(usage, "prompt_tokens_details"), "cached_tokens"),
    }


def _of_progress(progress: dict[str, Any]) -> dict[str, Any]:
    total, processed = _count(progress, "total"), _count(progress, "processed")
    if total is None or processed is None or processed < total:
        return {}
    return {"prompt_tokens": total, "prefill_ms": _ms(progress, "time_ms"), "is_prompt_read": True}


def _of_timings(timings: dict[str, Any]) -> dict[str, Any]:
    read, reused = _count(timings, "prompt_n"), _count(timings, "cache_n")
    if read is None:
        return {}
    return {
        "prompt_tokens": read + (reused or 0),
        "answer_tokens": _count(timings, "predicted_n"),
        "reused_tokens": reused,
        "prefill_ms": _ms(timings, "prompt_ms"),
        "decode_ms": _ms(timings, "predicted_ms"),
    }


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _text(whole: dict[str, Any], name: str) -> str:
    text = whole.get(name)
    return text if isinstance(text, str) else ""


def _count(whole: dict[str, Any], name: str) -> int | None:
    value = whole.get(name)
    return value if type(value) is int and 0 <= value <= _MOST else None


def _ms(whole: dict[str, Any], name: str) -> float | None:
    value = whole.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= _MOST else None
