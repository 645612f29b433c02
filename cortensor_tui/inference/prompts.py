"""From a task's prompt type, template and text to the messages an engine takes."""

from __future__ import annotations

import re
from typing import Literal

Messages = tuple[tuple[str, str], ...]
"""(role, text), in order."""

RAW_ROLE = "raw"
"""The one role of a text that reaches the model as it is."""

_DEFAULT, _RAW, _TEMPLATE = 0, 1, 2
_PLACEHOLDER = re.compile(r"\{\{\s*(?:input|prompt)\s*\}\}|\{(?:input|prompt)\}")


def build_messages(
    prompt_type: int,
    template: str,
    text: str,
    default_system_prompt: str,
    raw_as: Literal["chat", "verbatim"],
) -> Messages:
    """Return (role, text) messages for a task.

    Type 0 puts the default system prompt before the text; the network's own default is not public, so it
    is the operator's. Type 1 is raw: as "chat" the text is one user message, as "verbatim" it has the one
    role "raw" and reaches the model without a chat template. Type 2 makes the task's template the system
    prompt; a template that says where the input goes, by {input} or {prompt} in one or two braces, is the
    whole prompt already and becomes one user message with the text in that place. An empty system prompt
    is left out, so that the model's own applies. An unknown type is taken as 1; `prompt_note` says so.
    """
    if prompt_type == _DEFAULT:
        return _with_system(default_system_prompt, text)
    if prompt_type == _TEMPLATE:
        if _PLACEHOLDER.search(template):
            # One pass with a function: placeholders and backslashes in the text are only text.
            return (("user", _PLACEHOLDER.sub(lambda _: text, template)),)
        return _with_system(template, text)
    return ((RAW_ROLE if raw_as == "verbatim" else "user", text),)


def prompt_note(prompt_type: int) -> str:
    """Return what to tell about a prompt type that is not known, "" for the known ones."""
    if prompt_type in (_DEFAULT, _RAW, _TEMPLATE):
        return ""
    return f"unknown prompt type {prompt_type} was taken as raw (1)"


def _with_system(system: str, text: str) -> Messages:
    return (("system", system), ("user", text)) if system.strip() else (("user", text),)
