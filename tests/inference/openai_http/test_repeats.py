"""No word of a server's tells a part of a prompt, however it is quoted."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inert import inert
from cortensor_tui.inference.openai_http.repeats import repeats

PROMPTS = (
    "Мой пароль от банка: солнце-1984, никому не говори",
    "我的银行密码是一九八四年的太阳请不要告诉任何人谢谢你",
    'line one is\nmy secret is\n"swordfish"\nkeep it',
    "mine: 'a\\b'\tc\r\nd, e; f. g: h - i / j (k) l",
)


@given(prompt=st.text(min_size=32, max_size=200), start=st.integers(0, 100))
def test_words_that_hold_a_part_of_the_prompt_are_recognised(prompt: str, start: int) -> None:
    part = prompt[start % (len(prompt) - 24) :][:24] if len(prompt) > 24 else prompt
    assert repeats(f"cannot take it: {part}", [prompt])


@pytest.mark.parametrize(
    "quoted",
    [
        json.dumps,
        repr,
        lambda text: repr(text.encode()),
        lambda text: json.dumps(json.dumps({"content": text})),
        lambda text: json.dumps(text, ensure_ascii=False),
    ],
    ids=["JSON", "Python", "Python's bytes", "JSON in JSON", "JSON with its own letters"],
)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_that_is_quoted_is_recognised(prompt: str, quoted: Callable[[str], str]) -> None:
    said = inert(f"invalid request body: {quoted(prompt)}", 300)
    assert repeats(said, [prompt])


@pytest.mark.parametrize("prompt", [*PROMPTS, "a b", "", "?!", "Is it?"])
def test_words_of_the_servers_own_are_told(prompt: str) -> None:
    assert not repeats("HTTP 400: max_tokens must be at most 512, and the model is not loaded", [prompt])
