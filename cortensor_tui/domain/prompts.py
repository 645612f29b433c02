"""How long a prompt may be, and whether it may be too long for the model."""

from __future__ import annotations

from typing import Final

from cortensor_tui.domain.problems import Problem

MAX_PROMPT_BYTES: Final = 64 * 1024  # no more is read; the node finds out what fits a transaction
TOO_LONG: Final = (
    "The prompt is too long",
    f"it has over {MAX_PROMPT_BYTES:,} bytes in UTF-8",
    "Shorten it; it must fit a transaction",
)
"""What is told of one that no node is asked for: what, why, what to do."""
_KIB = 1024
_CHARS_A_TOKEN = 4


def is_too_long(prompt: str) -> bool:
    """Tell whether a prompt is longer than any that is sent."""
    return len(prompt.encode("utf-8", "surrogatepass")) > MAX_PROMPT_BYTES


def prompt_too_long(size_bytes: int, fitting_bytes: int) -> Problem:
    """Return that a prompt is longer than what fits a transaction of this network."""
    most = max(0, fitting_bytes)
    fits = f"{most // _KIB} KiB" if most >= _KIB else f"{most} bytes"
    return Problem(
        code="bad_prompt",
        what="The prompt is too long",
        why=f"it has {size_bytes:,} bytes in UTF-8, about {fits} fit a transaction here",
        remedy="Shorten it. Nothing was signed",
    )


def estimated_tokens(prompt: str) -> int:
    """Return about how many tokens a prompt is; only the model's own tokenizer knows."""
    return -(-len(prompt) // _CHARS_A_TOKEN)


def context_warning(prompt: str, context_tokens: int | None) -> str:
    """Return that a prompt will hardly fit the model's context; nothing where it may, or none is known."""
    tokens = estimated_tokens(prompt)
    if not context_tokens or tokens < context_tokens:
        return ""
    return (
        f"The prompt has about {tokens:,} tokens, by an estimate of {_CHARS_A_TOKEN} characters each;"
        f" the model that runs here has a context of {context_tokens:,}. It will hardly fit."
    )
