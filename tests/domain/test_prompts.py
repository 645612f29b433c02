"""How long a prompt may be."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.prompts import MAX_PROMPT_BYTES, context_warning, estimated_tokens, is_too_long


@pytest.mark.parametrize(
    ("prompt", "is_over"),
    [("x" * MAX_PROMPT_BYTES, False), ("x" * MAX_PROMPT_BYTES + "x", True), ("é" * 32_769, True)],
)
def test_bytes_are_counted_as_they_are_sent(prompt: str, is_over: bool) -> None:
    assert is_too_long(prompt) is is_over


def test_a_part_of_a_token_is_one() -> None:
    assert [estimated_tokens("x" * chars) for chars in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_a_prompt_as_large_as_the_context_leaves_no_room_for_an_answer() -> None:
    assert context_warning("x" * 4 * 511, 512) == ""
    assert "about 512 tokens, by an estimate of 4 characters each" in context_warning("x" * 4 * 512, 512)


def test_nothing_is_said_of_a_context_that_is_not_known() -> None:
    assert context_warning("x" * 60_000, None) == ""
