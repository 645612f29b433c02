"""The model's chat template, rendered so that foreign text stays text."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence

from cortensor_tui.inference.problems import template_failed

Messages = Sequence[tuple[str, str]]
Render = Callable[[list[dict[str, str]]], str]

Span = tuple[str, bool]
"""A piece of a rendered prompt, and whether it is a message's own text rather than the template's."""


def render_chat(messages: Messages, render: Render) -> list[Span]:
    """Render messages with a template into spans whose joined text is the prompt.

    The spans keep the two authors apart: only the template may write control tokens, so a message that
    spells out `<|im_end|>` does not end its turn. To find the messages' text in what the template made
    of it, each is rendered between two random marks. A model whose template refuses the system role gets
    the system text at the head of the first user message, as llama.cpp's own server does.
    Raises `ProblemError` "chat_template_failed".
    """
    try:
        return _spans(messages, render)
    except Exception as error:
        # The template is a program that came with the model: it can fail in any way a program can.
        merged = _without_system(messages)
        if merged is None:
            raise template_failed(error) from error
    try:
        return _spans(merged, render)
    except Exception as error:
        raise template_failed(error) from error


def _spans(messages: Messages, render: Render) -> list[Span]:
    plain = render(_as_mappings(messages))
    # Letters and digits only, so that no filter of a template changes them.
    mark = secrets.token_hex(16)
    begin, end = f"b{mark}", f"e{mark}"
    marked = render(_as_mappings([(role, f"{begin}{text}{end}") for role, text in messages]))
    pattern = re.compile(f"{begin}(.*?){end}", re.DOTALL)
    spans = _split(pattern, marked)
    if _joined(spans) == plain:
        return spans
    # Many templates trim what they are given; the marks kept them from it.
    trimmed = [(text.strip() if is_foreign else text, is_foreign) for text, is_foreign in spans]
    return trimmed if _joined(trimmed) == plain else spans


def _split(pattern: re.Pattern[str], marked: str) -> list[Span]:
    pieces = pattern.split(marked)
    return [(piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece]


def _joined(spans: Sequence[Span]) -> str:
    return "".join(text for text, _ in spans)


def _as_mappings(messages: Messages) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in messages]


def _without_system(messages: Messages) -> Messages | None:
    if len(messages) < 2 or messages[0][0] != "system" or messages[1][0] != "user":
        return None
    return [("user", f"{messages[0][1]}\n\n{messages[1][1]}"), *messages[2:]]


def fragments(spans: Sequence[Span], control: Mapping[str, int]) -> list[tuple[int | None, str]]:
    """Cut spans at the control tokens that the template wrote.

    Gives (token id, "") for a control token and (None, text) for the text between two of them, where the
    template's text and the messages' run together: the tokeniser then sees what it sees in llama.cpp's
    own chat programs, save that control tokens spelled out in a message are plain characters.
    """
    if not control:
        return [(None, _joined(spans))]
    longest_first = sorted(control, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    found: list[tuple[int | None, str]] = []
    text: list[str] = []
    for span, is_foreign in spans:
        position = 0
        for match in () if is_foreign else pattern.finditer(span):
            text.append(span[position : match.start()])
            found += [(None, "".join(text)), (control[match.group()], "")]
            text = []
            position = match.end()
        text.append(span[position:])
    found.append((None, "".join(text)))
    return [(token, piece) for token, piece in found if token is not None or piece]
