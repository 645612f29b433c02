"""`config check` on settings that are well written, and name what this machine does not have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Home, RunInside
from tests.inference.gguf_files import small_gguf


def with_lines(home: Home, *lines: str) -> None:
    """Add lines to the settings; the first is line 4."""
    with home.settings.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def words(text: str) -> str:
    """Return the text without the line ends that a terminal's width made."""
    return " ".join(text.split())


@pytest.mark.parametrize("kind", ["missing", "cut", "folder", "text"])
def test_a_model_that_cannot_be_loaded_is_a_problem(home: Home, run_inside: RunInside, kind: str) -> None:
    path = home.folder / "some.gguf"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(small_gguf()[:90] if kind == "cut" else b"a note")
    with_lines(home, f"CORTENSOR_TUI_MODEL_PATH={path}")
    text, document = run_inside("config", "check"), run_inside("config", "check", "--json").document
    assert text.code == 2
    [problem] = document["problems"]
    assert (problem["key"], problem["line"]) == ("CORTENSOR_TUI_MODEL_PATH", 4)
    told = {"missing": "no model file", "cut": "cut short", "folder": "directory", "text": "letters GGUF"}
    assert told[kind] in problem["what"]


def test_a_whole_model_is_usable_and_one_that_is_not_read_does_not_matter(
    home: Home, run_inside: RunInside
) -> None:
    (home.folder / "some.gguf").write_bytes(small_gguf())
    with_lines(home, f"CORTENSOR_TUI_MODEL_PATH={home.folder / 'some.gguf'}", "LLM_OPTION_CONTEXT_SIZE=77")
    assert run_inside("config", "check").code == 0
    with_lines(home, "CORTENSOR_TUI_MODEL_PATH=/nowhere.gguf", "CORTENSOR_TUI_ENGINE=http")
    assert run_inside("config", "check").code == 0


def test_a_default_model_that_is_cut_short_is_a_problem(home: Home, run_inside: RunInside) -> None:
    path = home.folder / "SmolLM2-135M-Instruct.Q4_1.gguf"
    path.write_bytes(small_gguf()[:90])
    with_lines(home, f"CORTENSOR_TUI_MODELS_DIR={home.folder}")
    ended = run_inside("config", "check")
    assert ended.code == 2
    assert "cut short" in words(ended.err)


@pytest.mark.parametrize("engine", ["http", "container"])
def test_a_token_file_that_is_not_there_is_a_problem_of_an_engine_that_reads_it(
    home: Home, run_inside: RunInside, engine: str
) -> None:
    with_lines(home, "CORTENSOR_TUI_ENGINE_TOKEN_FILE=/nowhere", "LLM_CONTAINER_IMAGE=12")
    assert run_inside("config", "check").code == 0
    with_lines(home, f"CORTENSOR_TUI_ENGINE={engine}")
    ended = run_inside("config", "check")
    assert ended.code == 2
    assert "CORTENSOR_TUI_ENGINE_TOKEN_FILE names a file that the node cannot use" in words(ended.err)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("LLM_CONTAINER_IMAGE=66", "CORTENSOR_TUI_ENGINE=container"), "LLM_CONTAINER_IMAGE is 66"),
        (("CORTENSOR_TUI_IPFS_ANSWERS=always",), "there is no IPFS node to bring answers to"),
        (
            ("ENABLE_IPFS_SERVER=1", "CORTENSOR_TUI_IPFS_COMMAND=no-such-program"),
            "no program no-such-program",
        ),
        (("LLM_OPTION_CPU_THREADS=4096",), "asks for 4096 threads"),
        (("LLM_OPTION_CONTEXT_SIZE=78",), "has 77 tokens; LLM_OPTION_CONTEXT_SIZE asks for 78"),
        (
            (
                "CORTENSOR_TUI_MODEL_PATH=/nowhere.gguf",
                "LLM_CONTAINER_IMAGE=a/b",
                "CORTENSOR_TUI_ENGINE=container",
            ),
            "the container is shown none",
        ),
    ],
)
def test_what_is_done_otherwise_than_it_is_set_is_a_note(
    home: Home, run_inside: RunInside, lines: tuple[str, ...], told: str
) -> None:
    (home.folder / "some.gguf").write_bytes(small_gguf())
    with_lines(home, *lines)
    if not any("MODEL_PATH" in line for line in lines):
        with_lines(home, f"CORTENSOR_TUI_MODEL_PATH={home.folder / 'some.gguf'}")
    text, document = run_inside("config", "check"), run_inside("config", "check", "--json").document
    assert text.code == 0, text.err
    assert told in words(text.err)
    [note] = [note for note in document["notes"] if told in note["text"]]
    assert note["line"] == 4


@pytest.mark.parametrize(
    "lines",
    [
        ("LLM_CONTAINER_IMAGE=65", "CORTENSOR_TUI_ENGINE=container"),
        ("CORTENSOR_TUI_IPFS_ANSWERS=always", "CORTENSOR_TUI_IPFS_URLS=http://127.0.0.1:5001"),
        ("ENABLE_IPFS_SERVER=1", "CORTENSOR_TUI_IPFS_COMMAND=sh"),
        (f"LLM_OPTION_CPU_THREADS={os.cpu_count()}",),
        ("LLM_OPTION_CPU_THREADS=99999",),
    ],
)
def test_what_this_machine_has_is_no_note(
    home: Home, run_inside: RunInside, lines: tuple[str, ...], tmp_path: Path
) -> None:
    with_lines(home, *lines, f"CORTENSOR_TUI_MODELS_DIR={tmp_path}")
    document = run_inside("config", "check", "--json").document
    assert [note["key"] for note in document["notes"]] == ["NODE_PRIVATE_KEY"]
