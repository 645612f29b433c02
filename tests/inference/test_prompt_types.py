"""Prompt type, template and text become messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.prompts import build_messages, prompt_note


@given(text=st.text())
def test_type_0_puts_the_operators_system_prompt_before_the_text(text: str) -> None:
    assert build_messages(0, "ignored", text, "Be kind.", "chat") == (("system", "Be kind."), ("user", text))
    assert build_messages(0, "ignored", text, "", "chat") == (("user", text),)


@given(text=st.text(), template=st.text())
def test_type_1_is_the_text_alone_as_chat_or_verbatim(text: str, template: str) -> None:
    assert build_messages(1, template, text, "Be kind.", "chat") == (("user", text),)
    assert build_messages(1, template, text, "Be kind.", "verbatim") == (("raw", text),)


@given(text=st.text())
def test_type_2_makes_the_template_the_system_prompt(text: str) -> None:
    messages = build_messages(2, "Answer in French {now}.", text, "Be kind.", "chat")
    assert messages == (("system", "Answer in French {now}."), ("user", text))
    assert build_messages(2, " ", text, "Be kind.", "chat") == (("user", text),)


@pytest.mark.parametrize("placeholder", ["{input}", "{prompt}", "{{input}}", "{{ prompt }}"])
@given(text=st.text() | st.sampled_from(["{input}", r"\1 \g<0>", "{{prompt}}"]))
def test_a_template_with_a_place_for_the_text_is_the_whole_prompt(placeholder: str, text: str) -> None:
    messages = build_messages(2, f"Q: {placeholder}\nA:", text, "Be kind.", "verbatim")
    assert messages == (("user", f"Q: {text}\nA:"),)


@given(prompt_type=st.integers(3, 2**256 - 1))
def test_an_unknown_type_is_taken_as_raw_and_said(prompt_type: int) -> None:
    assert build_messages(prompt_type, "t", "hi", "s", "chat") == (("user", "hi"),)
    assert str(prompt_type) in prompt_note(prompt_type)
    assert [prompt_note(known) for known in (0, 1, 2)] == ["", "", ""]
