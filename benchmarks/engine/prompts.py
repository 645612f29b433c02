"""Prompts that differ from their first words on and are equally long, so that no run knows another's."""

from __future__ import annotations

import itertools

_WINDS = ("north", "south", "west", "east")
_SEAS = ("rough", "calm", "grey", "high")
_QUESTION = "Write a very long story about the keeper who wrote this and learns to read the weather."

_numbers = itertools.count(1)


def next_prompt(days: int) -> str:
    """Return a prompt of a lighthouse's log over so many days, some 20 tokens each."""
    number = next(_numbers)
    lines = [f"Log {number:04d} of the lighthouse."]
    for day in range(1, days + 1):
        wind, sea = _WINDS[(number + day) % 4], _SEAS[(number * day) % 4]
        lines.append(f"Day {day:02d}: wind {wind}, sea {sea}, {(number * 7 + day) % 90 + 10} ships went by.")
    return "\n".join([*lines, _QUESTION])
