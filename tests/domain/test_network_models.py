"""The network's list of models is whole, and what is loaded is compared with it without guessing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.models import ModelFile
from cortensor_tui.domain.network_models import (
    Likeness,
    NetworkModel,
    compare,
    family_of,
    network_model,
    network_model_title,
    network_models,
    numbers_of,
)

Known = tuple[str, ModelFile | None]
"""What an engine calls its model, and its file."""


def loaded(
    file_name: str, weights: int | None = None, quantisation: str = "", name: str = "", model: str = "m"
) -> Known:
    file = ModelFile(
        file_name=file_name,
        file_bytes=1,
        sha256="00" * 32,
        name=name,
        quantisation=quantisation,
        weight_count=weights,
    )
    return model, file


def served(model: str) -> Known:
    """Return a server that tells a name and no more."""
    return model, None


def test_every_number_has_its_model() -> None:
    assert [model.index for model in network_models()] == list(range(66))
    assert len({model.name for model in network_models()}) == 66
    assert {model.runtime for model in network_models()} == {"llamafile", "ollama"}
    assert [model.index for model in network_models() if model.purpose == "embedding"] == list(range(56, 65))


def test_a_number_is_told_with_its_name() -> None:
    assert network_model_title(12) == "model 12 of the network (gemma3:270m)"
    assert "has not published" in network_model_title(66)
    assert network_model(-1) is None


@pytest.mark.parametrize("model", network_models(), ids=lambda model: str(model.index))
def test_each_model_is_found_by_its_own_name(model: NetworkModel) -> None:
    assert compare(model.index, *served(model.name)).likeness is Likeness.SAME


@pytest.mark.parametrize(
    ("file_name", "weights", "quantisation", "index"),
    [
        ("gemma-3-270m-Q4_K_M.gguf", 268_098_176, "Q4_K_M", 12),
        ("DeepSeek-R1-Distill-Llama-8B-Q4_K_M.gguf", 8_030_261_312, "Q4_K_M", 1),
        ("Qwen_Qwen3-4B-Q8_0.gguf", 4_022_468_096, "Q8_0", 8),
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", 1_235_814_432, "Q4_K_M", 31),
        ("Phi-3-mini-4k-instruct-q4.gguf", 3_821_079_552, "Q4_K_M", 29),
        ("Dolphin3.0-Llama3.1-8B-Q4_0.gguf", 8_030_269_504, "Q4_0", 36),
        ("llava-v1.5-7b-Q4_K.gguf", 6_738_415_616, "Q4_K_M", 0),
    ],
)
def test_a_models_usual_file_is_the_same(file_name: str, weights: int, quantisation: str, index: int) -> None:
    found = compare(index, *loaded(file_name, weights, quantisation))
    assert found.likeness is Likeness.SAME, found.why


@pytest.mark.parametrize(
    ("engine", "index", "why"),
    [
        (loaded("SmolLM2-135M-Instruct.Q4_1.gguf", 134_515_008, "Q4_1"), 12, "135m weights, not 270m"),
        (loaded("gemma-3-270m-Q4_K_M.gguf", 268_098_176, "Q4_K_M"), 18, "268m weights, not 4b"),
        (loaded("Qwen3-8B-Q4_K_M.gguf", 8_190_735_360, "Q4_K_M"), 33, "it is qwen3, not llama3.1"),
        (
            loaded("google_gemma-3-4b-it-Q4_0.gguf", 3_880_099_328, "Q4_0"),
            7,
            "quantised to Q4_0, not to Q6_K",
        ),
        (loaded("Qwen3-VL-8B.gguf", 8_190_735_360, "Q4_K_M"), 27, "it is qwen3-vl, not qwen3"),
        (served("qwen3:4b"), 28, "it is qwen3, not mistral"),
    ],
)
def test_another_model_is_told_with_what_differs(engine: Known, index: int, why: str) -> None:
    found = compare(index, *engine)
    assert (found.likeness, why in found.why) == (Likeness.OTHER, True), found.why


@pytest.mark.parametrize(
    ("engine", "index"),
    [
        (served(""), 12),
        (served("my-model"), 12),
        (served("gemma3:latest"), 12),
        (loaded("model.gguf", 268_098_176, "Q4_K_M"), 12),
        (loaded("gemma-3n-270m.gguf", 268_098_176, "Q4_K_M"), 12),
        (loaded("google_gemma-3-4b-it.gguf", 3_880_099_328), 7),
        (loaded("gemma-3-270m.gguf", 268_098_176, "Q4_K_M"), 66),
    ],
)
def test_what_cannot_be_told_is_not_guessed(engine: Known, index: int) -> None:
    assert compare(index, *engine).likeness is Likeness.UNTOLD


def test_the_longest_family_in_a_name_counts() -> None:
    assert family_of(["qwen3-coder-30b-a3b"]) == "qwen3-coder"
    assert family_of(["phi-3.5-mini"]) is None


def test_a_file_tells_which_numbers_it_has() -> None:
    assert numbers_of(*loaded("google_gemma-3-12b-it-Q4_K_M.gguf", 11_766_034_176, "Q4_K_M")) == (9, 19)
    assert numbers_of(*loaded("SmolLM2-135M-Instruct.Q4_1.gguf", 134_515_008, "Q4_1")) == ()


@given(
    name=st.text(max_size=40), index=st.integers(-5, 70), weights=st.one_of(st.none(), st.integers(0, 10**13))
)
def test_any_name_gives_an_outcome_with_its_reason(name: str, index: int, weights: int | None) -> None:
    assert compare(index, *loaded(name, weights, name[:8], name, name)).why
