"""Reads a task filter as a person types it; a mistake says where it is and what is allowed there."""

from __future__ import annotations

import re

from cortensor_tui.domain.filter_words import FilterError, Word, listed, words_of
from cortensor_tui.domain.task_filter import (
    MAX_ID,
    MAX_TERMS,
    MAX_TEXT_CHARS,
    STAGE_WORDS,
    Compares,
    Comparison,
    Condition,
    HasText,
    Measure,
    SessionIs,
    StageIs,
    TaskFilter,
    TaskIs,
    Term,
)
from cortensor_tui.domain.tasks import Stage

FIELDS = ("stage", "session", "task", "age", "took", "tokens")
_MEASURES = {"age": Measure.AGE, "took": Measure.TOOK, "slow": Measure.TOOK, "tokens": Measure.TOKENS}
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)(?P<sign>:|>=|<=|>|<|=)(?P<value>.*)", re.DOTALL)
_SPAN = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{1,3})?)(?P<unit>[smhd]?)")
_COUNT = re.compile(r"[0-9]{1,9}")
_ID = re.compile(r"[0-9]{1,19}")


def parse(text: str) -> TaskFilter:
    """Return the filter that is written here; an empty text wants every task. Raises `FilterError`."""
    words = words_of(text, MAX_TERMS)
    return TaskFilter(tuple(Term(_condition(word), word.is_negated) for word in words))


def _condition(word: Word) -> Condition:
    if word.is_quoted:
        return _text(word)
    if (stages := STAGE_WORDS.get(word.text.lower())) is not None:
        return StageIs(stages)
    field = _FIELD.fullmatch(word.text)
    if field is None:
        return _text(word)
    name = field["name"].lower()
    value = Word(field["value"], word.start + field.start("value"), word.end, word.is_negated, False)
    if name in _MEASURES:
        return _compares(word, _MEASURES[name], field["sign"], value)
    if name not in FIELDS:
        raise FilterError(
            word.start,
            word.start + len(name),
            f"There is no field {name}",
            f"The fields are {', '.join(FIELDS)}; a text with {field['sign']} in it goes into quotes",
        )
    if field["sign"] != ":":
        at = word.start + field.start("sign")
        raise FilterError(at, at + len(field["sign"]), f"{name} cannot be compared", f"Write {name}:…")
    if name == "stage":
        return StageIs(_stages(value))
    return (SessionIs if name == "session" else TaskIs)(_ids(value, name))


def _text(word: Word) -> HasText:
    if len(word.text) > MAX_TEXT_CHARS:
        raise FilterError(
            word.start, word.end, "The text is too long", f"Use at most {MAX_TEXT_CHARS} characters"
        )
    return HasText(word.text)


def _stages(value: Word) -> tuple[Stage, ...]:
    wanted: set[Stage] = set()
    for name, start, end in listed(value):
        matching = [stage for stage in Stage if name and stage.startswith(name.lower())]
        if not matching:
            raise FilterError(
                start,
                end,
                f"There is no stage {name}" if name else "A stage is missing",
                f"The stages are {', '.join(Stage)}; their beginning is enough",
            )
        wanted.update(matching)
    return tuple(stage for stage in Stage if stage in wanted)


def _ids(value: Word, name: str) -> tuple[int, ...]:
    found: list[int] = []
    for part, start, end in listed(value):
        if not _ID.fullmatch(part) or int(part) > MAX_ID:
            raise FilterError(
                start,
                end,
                f"{part} is no {name} id" if part else f"A {name} id is missing",
                f"Write numbers, joined by commas: {name}:1,2",
            )
        found.append(int(part))
    return tuple(dict.fromkeys(found))


def _compares(word: Word, measure: Measure, sign: str, value: Word) -> Compares:
    example = f"{measure}>100" if measure is Measure.TOKENS else f"{measure}>90 or {measure}<2h"
    if sign not in tuple(Comparison):
        end = value.start
        raise FilterError(
            end - len(sign), end, f"{measure} takes > < >= or <=, not {sign}", f"Write {example}"
        )
    if measure is Measure.TOKENS:
        if not _COUNT.fullmatch(value.text):
            raise _no_number(value, "a number of tokens", example)
        return Compares(measure, Comparison(sign), float(value.text))
    span = _SPAN.fullmatch(value.text)
    if span is None:
        raise _no_number(value, "a time in s, m, h or d", example)
    seconds = round(float(span["number"]) * _UNITS_S[span["unit"]], 3)
    return Compares(measure, Comparison(sign), seconds)


def _no_number(value: Word, wanted: str, example: str) -> FilterError:
    what = f"{value.text} is not {wanted}" if value.text else f"After the sign, {wanted} is missing"
    return FilterError(value.start, value.end, what, f"Write {example}")
