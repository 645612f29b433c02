"""The models that the network numbers, and whether one of them is what an engine has loaded.

The list is a file of this package, `network_models.toml`, which names its source.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import msgspec

from cortensor_tui.domain.models import ModelFile

_UNITS = {"m": 10**6, "b": 10**9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([mb])")
_RUN = re.compile(r"\d+(?:\.\d+)*|[a-z]+")
_SEPARATOR = r"[-_ .]?v?"
MOST_APART = 1.3
"""Names round: "1b" has 1.24 billion weights. Further apart it is another size."""


class NetworkModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the network's list: what its name does not tell is empty."""

    index: int
    name: str
    family: str
    runtime: str
    purpose: str
    size: str = ""
    quantisation: str = ""


class Likeness(StrEnum):
    """Whether the model that a session asks for is the one that is loaded."""

    SAME = "same"
    OTHER = "other"
    UNTOLD = "cannot be told"


class Comparison(NamedTuple):
    """The outcome, and why in a phrase."""

    likeness: Likeness
    why: str


class _List(msgspec.Struct, frozen=True):
    source: str
    models: tuple[NetworkModel, ...]


@lru_cache(maxsize=1)
def network_models() -> tuple[NetworkModel, ...]:
    """Return the network's list, in the order of its numbers."""
    text = resources.files("cortensor_tui.domain").joinpath("network_models.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), type=_List).models


def network_index(name: str) -> int | None:
    """Return the number of a model by the network's name for it, as in deepseek-r1:8b-gpu; None of others."""
    wanted = name.lower().removesuffix("-gpu")
    return next((model.index for model in network_models() if model.name.lower() == wanted), None)


def network_model(index: int) -> NetworkModel | None:
    """Return the model with a number, None where the list does not have it."""
    models = network_models()
    return models[index] if 0 <= index < len(models) else None


def network_model_title(index: int) -> str:
    """Return a number with its name: "model 12 of the network (gemma3:270m)"."""
    found = network_model(index)
    return f"model {index} of the network ({found.name if found else 'a number that it has not published'})"


def compare(index: int, name: str, file: ModelFile | None) -> Comparison:
    """Tell whether the model with this number is one that is had, by name, size and quantisation.

    `name` is what an engine calls it, `file` what is known of its file, None where the engine does not tell.
    "Same" says that these three agree, as far as the network tells them; it publishes no digests.
    """
    wanted = network_model(index)
    if wanted is None:
        return Comparison(Likeness.UNTOLD, f"the network has published no model {index}")
    names = _names(name, file)
    if not names:
        return Comparison(Likeness.UNTOLD, "the engine does not say what it has loaded")
    if wanted.name.lower() in names:
        return Comparison(Likeness.SAME, "it has the same name")
    return _differences(wanted, names, file)


def numbers_of(name: str, file: ModelFile | None) -> tuple[int, ...]:
    """Return the numbers that the network has for a model; several where sizes and names are the same."""
    return tuple(
        model.index
        for model in network_models()
        if compare(model.index, name, file).likeness is Likeness.SAME
    )


def _differences(wanted: NetworkModel, names: Sequence[str], file: ModelFile | None) -> Comparison:
    weights, asked = file.weight_count if file else None, _weights(wanted.size)
    if weights is not None and asked is not None and not asked / MOST_APART < weights < asked * MOST_APART:
        return Comparison(Likeness.OTHER, f"it has {_rough(weights)} weights, not {wanted.size}")
    family = family_of(names)
    if family is None:
        return Comparison(Likeness.UNTOLD, f"its names do not say whether it is {wanted.family}")
    if family != wanted.family:
        return Comparison(Likeness.OTHER, f"it is {family}, not {wanted.family}")
    loaded = file.quantisation if file else ""
    if wanted.quantisation and loaded and not loaded.startswith(wanted.quantisation):
        return Comparison(Likeness.OTHER, f"it is quantised to {loaded}, not to {wanted.quantisation}")
    if weights is None or (wanted.quantisation and not loaded):
        return Comparison(Likeness.UNTOLD, f"it is {family}, and no more is known of it")
    return Comparison(Likeness.SAME, "family and size agree" + _quantisation_words(wanted, loaded))


def family_of(names: Sequence[str]) -> str | None:
    """Return which family of the network's list a model's names, in small letters, tell; None for none."""
    found = [
        (len(family), -match.start(), family)
        for family, pattern in _families()
        for name in names
        if (match := pattern.search(name)) is not None
    ]
    return max(found)[2] if found else None


def _names(name: str, file: ModelFile | None) -> tuple[str, ...]:
    names = (name, file.file_name.removesuffix(".gguf"), file.name) if file else (name,)
    return tuple(one.lower() for one in names if one)


@lru_cache(maxsize=1)
def _families() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each family with what finds it in a name, however its words are joined there.

    "gemma3" is in "gemma-3-270m" and not in "gemma-3n": after the last word comes no other letter or digit.
    """
    names = dict.fromkeys(model.family for model in network_models())
    joined = ((name, _SEPARATOR.join(map(re.escape, _RUN.findall(name)))) for name in names)
    return tuple((name, re.compile(rf"(?<![a-z0-9]){one}(?![a-z0-9])(?!\.[1-9])")) for name, one in joined)


def _weights(size: str) -> float | None:
    found = _SIZE.fullmatch(size)
    return None if found is None else float(found[1]) * _UNITS[found[2]]


def _rough(weights: int) -> str:
    return f"{weights / 10**9:.1f}b" if weights >= 10**9 else f"{weights / 10**6:.0f}m"


def _quantisation_words(wanted: NetworkModel, loaded: str) -> str:
    if wanted.quantisation:
        return ", and the quantisation"
    return f"; the network does not tell its quantisation, this is {loaded or 'unknown'}"
