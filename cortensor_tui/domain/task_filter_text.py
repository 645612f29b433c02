"""Reads a task filter as a person types it; a mistake says where it is and what is allowed there."""

from __future__ import annotations

import re

from cortensor_tui.domain.filter_words import FilterError, Word, listed, words_of
from cortensor_tui.domain.task_filter import (
    MAX_ID,
    MAX_TERMS,
    MAX_TEXT_CHARS,
    NO_WORDS,
    STAGE_WORDS,
    Compares,
    Comparison,
    Condition,
    HashIs,
    HasText,
    Measure,
    SessionIs,
    StageIs,
    TaskFilter,
    TaskIs,
    Term,
    names_hash,
)
from cortensor_tui.domain.tasks import Stage

FIELDS = ("stage", "session", "task", "age", "took", "tokens")
_MEASURES = {"age": Measure.AGE, "took": Measure.TOOK, "slow": Measure.TOOK, "tokens": Measure.TOKENS}
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)(?P<sign>:|>=|<=|>|<|=)(?P<value>.*)", re.DOTALL)
_SPAN = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{1,3})?)(?P<unit>[smhd]?)")
_COUNT = re.compile(r"[0-9]{1,9}")
_ID = re.compile(r"[0-9]{1,19}")
_STAGES_BY_WORD = {stage.value: (stage,) for stage in Stage} | STAGE_WORDS
_JOINED = {
    "not": "Write - before what must not match: -missed",
    "or": "Write several of a field with commas: stage:ended,missed",
    "and": "Leave it out: all words must hold",
}


def parse(text: str) -> TaskFilter:
    """Return the filter that is written here; an empty text wants every task. Raises `FilterError`."""
    words = words_of(text, MAX_TERMS)
    terms = tuple(Term(_condition(word), word.is_negated) for word in words)
    _check_stages(words, terms, text)
    return TaskFilter(terms)


def _check_stages(words: list[Word], terms: tuple[Term, ...], text: str) -> None:
    """Raise `FilterError` at the word with which no stage is left: a task stands at one at a time."""
    allowed, said = frozenset(Stage), ""
    for word, term in zip(words, terms, strict=True):
        if not isinstance(term.condition, StageIs):
            continue
        stages = frozenset(term.condition.stages)
        allowed = allowed - stages if term.is_negated else allowed & stages
        typed = text[word.start - word.is_negated : word.end]
        if not allowed:
            what = f"No task is both {said} and {typed}" if said else f"{typed} leaves none"
            raise FilterError(word.start, word.end, what, _JOINED["or"])
        said = f"{said} {typed}".strip()


def _condition(word: Word) -> Condition:
    if word.is_quoted:
        return _text(word)
    if (stages := _STAGES_BY_WORD.get(word.text.lower())) is not None:
        return StageIs(stages)
    if word.text.lower() in NO_WORDS:
        remedy = f'{_JOINED[word.text.lower()]}; as a text it goes into quotes: "{word.text}"'
        raise FilterError(word.start, word.end, f"{word.text} joins no words here", remedy)
    if names_hash(word.text):
        return HashIs(word.text.lower() if word.text[:2].lower() == "0x" else word.text)
    field = _FIELD.fullmatch(word.text)
    return _text(word) if field is None else _of_field(word, field)


def _of_field(word: Word, field: re.Match[str]) -> Condition:
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
    return SessionIs(_ids(value)) if name == "session" else _tasks(value)


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


def _ids(value: Word) -> tuple[int, ...]:
    found: list[int] = []
    for part, start, end in listed(value):
        if not _is_id(part):
            raise _no_id(part, start, end, "session", "session:1,2")
        found.append(int(part))
    return tuple(dict.fromkeys(found))


def _tasks(value: Word) -> TaskIs:
    ids: list[int] = []
    keys: list[tuple[int, int]] = []
    for part, start, end in listed(value):
        session_id, slash, task_id = part.rpartition("/")
        if not _is_id(task_id) or (slash and not _is_id(session_id)):
            raise _no_id(part, start, end, "task", "task:1,2 or task:42/1")
        if slash:
            keys.append((int(session_id), int(task_id)))
        else:
            ids.append(int(task_id))
    return TaskIs(tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(keys)))


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and int(text) <= MAX_ID


def _no_id(part: str, start: int, end: int, name: str, example: str) -> FilterError:
    what = f"{part} is no {name} id" if part else f"A {name} id is missing"
    return FilterError(start, end, what, f"Write numbers, joined by commas: {example}")


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
