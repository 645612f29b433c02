"""How long a prompt may be, and whether it may be too long for the model."""

from __future__ import annotations

from typing import Final

MAX_PROMPT_BYTES: Final = 64 * 1024  # the rest of a transaction must fit beside it
TOO_LONG: Final = (
    "The prompt is too long",
    f"it has over {MAX_PROMPT_BYTES:,} bytes in UTF-8",
    "Shorten it; it must fit a transaction",
)
"""What is told of it: what, why, what to do."""
_CHARS_A_TOKEN = 4


def is_too_long(prompt: str) -> bool:
    """Tell whether a prompt is longer than any that is sent."""
    return len(prompt.encode("utf-8", "surrogatepass")) > MAX_PROMPT_BYTES


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
