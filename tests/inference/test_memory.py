"""Whether a model fits is known before llama.cpp is started, and what would fit is said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.models.examine import require_fit
from cortensor_tui.inference.models.free_memory import free_memory_bytes, group_free_bytes
from cortensor_tui.inference.models.gguf import Attention, GgufSummary, check_gguf
from cortensor_tui.inference.models.memory import (
    KV_TYPES,
    WORKING_BYTES,
    gpu_share,
    kv_bytes_per_token,
    largest_context,
    largest_context_beside,
    memory_need,
)

MIB = 2**20
PATH = Path("a.gguf")


def summary(
    file_bytes: int = 100 * MIB, trained: int | None = 8192, attention: Attention | None = None
) -> GgufSummary:
    return GgufSummary(
        version=3,
        architecture="llama",
        name="a",
        context_tokens=trained,
        tensor_count=1,
        has_chat_template=True,
        file_bytes=file_bytes,
        attention=attention,
    )


LLAMA_8B = Attention(kv_heads=(8,) * 32, key_length=128, value_length=128)


def test_a_token_of_an_8b_model_takes_what_is_published_for_it() -> None:
    assert kv_bytes_per_token(LLAMA_8B) == 128 * 1024  # 32 layers, 8 heads of 128, two bytes, keys and values
    assert kv_bytes_per_token(LLAMA_8B, "q8_0", "q8_0") == 128 * 1024 * 34 // 64
    assert kv_bytes_per_token(LLAMA_8B, "f32", "f16") == 192 * 1024


def test_layers_that_keep_nothing_of_tokens_take_nothing() -> None:
    hybrid = Attention(kv_heads=(0, 0, 0, 8) * 8, key_length=128, value_length=128)
    assert kv_bytes_per_token(hybrid) == kv_bytes_per_token(LLAMA_8B) // 4


def test_what_does_not_fit_is_told_with_figures_and_with_the_context_that_does() -> None:
    with pytest.raises(ProblemError) as refused:
        require_fit(PATH, summary(attention=LLAMA_8B), 8192, 700 * MIB)
    problem = refused.value.problem
    assert problem.code == "model_does_not_fit"
    assert problem.why.startswith(
        "It needs 1,252 MiB of 700 MiB free: 100 for the weights, 1,024 for a context"
    )
    assert "LLM_OPTION_CONTEXT_SIZE to 3584" in problem.remedy  # (700 - 100 - 128) MiB at 128 KiB a token
    require_fit(PATH, summary(attention=LLAMA_8B), 3584, 700 * MIB)


def test_weights_that_do_not_fit_leave_no_context_to_suggest() -> None:
    with pytest.raises(ProblemError) as refused:
        require_fit(PATH, summary(4096 * MIB, attention=LLAMA_8B), 2048, 700 * MIB)
    assert "CONTEXT_SIZE" not in refused.value.problem.remedy
    assert "smaller model" in refused.value.problem.remedy


def test_a_context_that_nothing_is_known_of_is_judged_by_its_weights() -> None:
    require_fit(PATH, summary(), 10**6, 100 * MIB + WORKING_BYTES)
    with pytest.raises(ProblemError):
        require_fit(PATH, summary(), 10**6, 100 * MIB + WORKING_BYTES - 1)


@given(
    heads=st.lists(st.integers(0, 64), min_size=1, max_size=80),
    length=st.integers(1, 512),
    kind=st.sampled_from(sorted(KV_TYPES)),
    trained=st.one_of(st.none(), st.integers(1, 2**20)),
    weights=st.integers(0, 2**36),
    free=st.integers(0, 2**38),
    asked=st.integers(0, 2**20),
)
def test_the_suggested_context_fits_and_the_next_one_does_not(
    heads: list[int], length: int, kind: str, trained: int | None, weights: int, free: int, asked: int
) -> None:
    model = summary(
        weights, trained, Attention(kv_heads=tuple(heads), key_length=length, value_length=length)
    )
    found = largest_context(model, free, kind, kind)
    if found is None:
        smallest = memory_need(model, 1, kind, kind)
        assert smallest.total_bytes > free or smallest.kv_bytes == 0
        return
    assert memory_need(model, found, kind, kind).total_bytes <= free
    if trained is None or found < trained:
        assert memory_need(model, found + 1, kind, kind).total_bytes > free
    if asked > found:
        grown = memory_need(model, asked, kind, kind).total_bytes
        assert grown >= memory_need(model, found, kind, kind).total_bytes


def group(folder: Path, limit: str, usage: int, cached: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"anon 1\nactive_file {cached}\ninactive_file 0\n")


def own(folder: Path, text: str) -> Path:
    path = folder / "own"
    path.write_text(text)
    return path


def test_the_tightest_group_around_the_process_counts(tmp_path: Path) -> None:
    mount = tmp_path / "cgroup"
    group(mount / "slice/node", "max", 10)
    group(mount / "slice", "1000", 600, cached=50)
    group(mount / "other", "1", 1)
    assert group_free_bytes(mount, own(tmp_path, "0::/slice/node\n")) == 450


def test_a_group_of_the_first_version_counts_too(tmp_path: Path) -> None:
    folder = tmp_path / "cgroup/memory/node"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("2000\n")
    (folder / "memory.usage_in_bytes").write_text("2500\n")
    (folder / "memory.stat").write_text("total_active_file 300\ntotal_inactive_file 400\n")
    assert group_free_bytes(tmp_path / "cgroup", own(tmp_path, "5:cpu:/x\n4:memory:/node\n0::/\n")) == 200


def test_a_group_that_is_over_its_limit_leaves_nothing(tmp_path: Path) -> None:
    group(tmp_path / "cgroup", "100", 300)
    assert group_free_bytes(tmp_path / "cgroup", own(tmp_path, "0::/\n")) == 0


def test_without_groups_there_is_no_limit_but_the_machines(tmp_path: Path) -> None:
    assert group_free_bytes(tmp_path / "none", tmp_path / "none") is None
    assert group_free_bytes(tmp_path, own(tmp_path, "nonsense\n\n0::\n")) is None
    assert free_memory_bytes() > 0


@pytest.mark.real
def test_the_default_model_says_what_a_token_takes(model_path: Path) -> None:
    found = check_gguf(model_path)
    assert found.attention == Attention(kv_heads=(3,) * 30, key_length=64, value_length=64)
    assert (found.quantisation, found.layer_count, found.vocabulary_tokens) == ("Q4_1", 30, 49152)
    assert found.weight_count == 134_515_008


@pytest.mark.parametrize(("layers", "share"), [(0, 0.0), (-1, 1.0), (11, 1 / 3), (33, 1.0), (99, 1.0)])
def test_the_gpus_share_is_that_of_its_layers_with_the_output_as_one_more(layers: int, share: float) -> None:
    of_32 = msgspec.structs.replace(summary(), layer_count=32)
    assert gpu_share(of_32, layers) == pytest.approx(share)
    assert gpu_share(summary(), layers) == (1.0 if layers else 0.0), "it does not tell how many it has"


@given(share=st.floats(0, 1), own_mib=st.integers(0, 4096), gpu_mib=st.integers(0, 4096))
def test_the_context_beside_gpus_fits_on_both_sides(share: float, own_mib: int, gpu_mib: int) -> None:
    model = summary(attention=LLAMA_8B)
    own, gpu = own_mib * MIB, gpu_mib * MIB
    tokens = largest_context_beside(model, share, own, gpu)
    if tokens is not None:
        need = memory_need(model, tokens)
        movable = need.weights_bytes + need.kv_bytes
        assert share * movable <= gpu + 1
        assert (1 - share) * movable <= max(0, own - WORKING_BYTES) + 1
    if share in (0, 1) and own >= WORKING_BYTES:
        room = own if share == 0 else gpu + WORKING_BYTES
        assert tokens == largest_context(model, room)
