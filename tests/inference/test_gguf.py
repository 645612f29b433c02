"""A model file is judged before llama.cpp sees it."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.models.gguf import TENSOR_TYPES, Attention, check_gguf
from cortensor_tui.inference.models.memory import largest_context, memory_need
from cortensor_tui.inference.models.quantisation import FILE_TYPES, quantisation_name

from .gguf_files import gguf, pair, small_gguf, tensor, text


def _code(path: Path) -> str:
    with pytest.raises(ProblemError) as caught:
        check_gguf(path)
    problem = caught.value.problem
    assert problem.what
    assert problem.remedy
    return problem.code


def test_a_whole_file_is_summarised_and_its_name_is_inert(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(small_gguf())
    summary = check_gguf(path)
    assert (summary.version, summary.architecture, summary.context_tokens) == (3, "llama", 77)
    assert summary.tensor_count == 2
    assert not summary.has_chat_template
    assert summary.file_bytes == path.stat().st_size
    assert "\x1b" not in summary.name
    assert summary.name.startswith("small")


@pytest.mark.real
def test_the_default_model_is_what_it_is_known_to_be(model_path: Path) -> None:
    summary = check_gguf(model_path)
    assert (summary.architecture, summary.context_tokens, summary.has_chat_template) == ("llama", 8192, True)


@given(data=st.data())
def test_a_file_cut_anywhere_is_called_cut_short_or_foreign(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = small_gguf()
    length = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path_factory.mktemp("cut") / "cut.gguf"
    path.write_bytes(whole[:length])
    assert _code(path) == ("model_foreign" if length < 4 else "model_truncated")


@given(noise=st.binary(max_size=300), head=st.sampled_from([b"", b"GGUF", b"GGUF\x03\0\0\0"]))
def test_noise_is_refused_and_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.gguf"
    path.write_bytes(head + noise)
    try:
        summary = check_gguf(path)
    except ProblemError as error:
        assert error.problem.code in ("model_foreign", "model_truncated")  # noqa: PT017 - either is right
    else:
        assert summary.tensor_count == 0


COUNTS = st.one_of(st.integers(0, 100), st.integers(0, 2**32 - 1))


def int_array(key: str, values: list[int]) -> bytes:
    return text(key) + struct.pack("<IIQ", 9, 4, len(values)) + struct.pack(f"<{len(values)}I", *values)


@given(
    layers=COUNTS,
    heads=COUNTS,
    kv_heads=st.one_of(COUNTS, st.lists(COUNTS, max_size=40)),
    embedding=COUNTS,
    key_length=st.one_of(st.none(), COUNTS),
    context=COUNTS,
    file_type=COUNTS,
)
def test_absurd_numbers_in_a_header_are_unknown_and_never_break_what_is_reckoned_from_them(
    tmp_path_factory: pytest.TempPathFactory,
    layers: int,
    heads: int,
    kv_heads: int | list[int],
    embedding: int,
    key_length: int | None,
    context: int,
    file_type: int,
) -> None:
    pairs = [
        pair("general.architecture", "x"),
        pair("general.file_type", file_type),
        pair("x.block_count", layers),
        pair("x.attention.head_count", heads),
        pair("x.embedding_length", embedding),
        pair("x.context_length", context),
    ]
    if isinstance(kv_heads, int):
        pairs.append(pair("x.attention.head_count_kv", kv_heads))
    else:
        pairs.append(int_array("x.attention.head_count_kv", kv_heads))
    if key_length is not None:
        pairs.append(pair("x.attention.key_length", key_length))
    path = tmp_path_factory.mktemp("absurd") / "absurd.gguf"
    path.write_bytes(gguf(pairs, [], 0))

    summary = check_gguf(path)

    assert summary.context_tokens is None or summary.context_tokens > 0
    if summary.attention is not None:
        assert len(summary.attention.kv_heads) == layers
        assert summary.attention.key_length > 0
    assert memory_need(summary, 0).total_bytes >= summary.file_bytes
    fitting = largest_context(summary, 2**34)
    assert fitting is None or fitting > 0


@pytest.mark.parametrize("odd", [True, -5, 1.5, "8"])
def test_a_count_of_another_kind_is_no_count(tmp_path: Path, odd: float | str) -> None:
    kinds = {bool: (7, "<?"), int: (5, "<i"), float: (6, "<f")}
    if isinstance(odd, str):
        value = pair("llama.block_count", odd)
    else:
        number, form = kinds[type(odd)]
        value = text("llama.block_count") + struct.pack("<I", number) + struct.pack(form, odd)
    path = tmp_path / "odd.gguf"
    path.write_bytes(gguf([pair("general.architecture", "llama"), value], [], 0))
    assert check_gguf(path).layer_count is None


def test_a_model_of_many_layers_of_two_kinds_is_told_layer_by_layer(tmp_path: Path) -> None:
    pairs = [
        pair("general.architecture", "hybrid"),
        pair("hybrid.block_count", 4),
        pair("hybrid.attention.head_count", 16),
        int_array("hybrid.attention.head_count_kv", [0, 0, 0, 4]),
        pair("hybrid.embedding_length", 2048),
    ]
    path = tmp_path / "hybrid.gguf"
    path.write_bytes(gguf(pairs, [], 0))
    assert check_gguf(path).attention == Attention(kv_heads=(0, 0, 0, 4), key_length=128, value_length=128)


@pytest.mark.real
def test_the_names_of_file_types_are_those_of_the_library() -> None:
    import llama_cpp.llama_cpp as native

    theirs = {
        value: name.removeprefix("LLAMA_FTYPE_").removeprefix("MOSTLY_").removeprefix("ALL_")
        for name, value in vars(native).items()
        if name.startswith("LLAMA_FTYPE_") and name != "LLAMA_FTYPE_GUESSED"
    }
    assert {key: FILE_TYPES[key] for key in theirs} == theirs | {38: "MXFP4"}
    assert quantisation_name(1023) == "type 1023"
    assert quantisation_name(1024 + 15) == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 a zip file", "letters GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version is 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "version is"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), "announces"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62), "text of"),
        (gguf([text("k") + struct.pack("<I", 99)], [], 0), "unknown type 99"),
        (gguf([text("k") + struct.pack("<IIQ", 9, 9, 1)], [], 0), "array of arrays"),
        (gguf([], [tensor("t", (1,) * 9, 0, 0)], 4), "9 dimensions"),
        (gguf([pair("general.alignment", 0)], [], 0), "alignment"),
    ],
)
def test_a_foreign_file_is_named_with_the_reason(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "foreign.gguf"
    path.write_bytes(content)
    with pytest.raises(ProblemError, match=says) as caught:
        check_gguf(path)
    assert caught.value.problem.code == "model_foreign"


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert _code(tmp_path / "none.gguf") == "model_missing"
    assert _code(tmp_path) == "model_unreadable"


@pytest.mark.real
def test_the_block_sizes_are_those_of_the_library() -> None:
    import llama_cpp

    library = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
    library.ggml_blck_size.restype = ctypes.c_int64
    library.ggml_type_size.restype = ctypes.c_size_t
    theirs = {kind: (library.ggml_blck_size(kind), library.ggml_type_size(kind)) for kind in TENSOR_TYPES}
    assert theirs == TENSOR_TYPES
