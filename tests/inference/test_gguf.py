"""A model file is judged before llama.cpp sees it."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.models.gguf import TENSOR_TYPES, check_gguf

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
