"""`models`: what is in the folder, what a file needs, and which one the settings name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cortensor_tui.cli.output import Exit
from cortensor_tui.domain.gpus import Gpu, GpuReading
from cortensor_tui.inference.gpus import GpuReader
from cortensor_tui.launch import models
from tests.cli.conftest import Home, RunInside
from tests.cli.scripted_node import ScriptedNode
from tests.inference.gguf_files import small_gguf


@pytest.fixture
def folder(home: Home) -> Path:
    """The model folder of a node, with a whole file and one that is cut."""
    folder = home.folder / "models"
    folder.mkdir()
    (folder / "small.gguf").write_bytes(small_gguf())
    (folder / "cut.gguf").write_bytes(small_gguf()[:90])
    (folder / "folder.gguf").mkdir()
    (folder / "notes.txt").write_text("no model")
    with home.settings.open("a") as file:
        file.write(f"# my models\nCORTENSOR_TUI_MODELS_DIR={folder}\n")
    return folder


def test_the_list_has_each_file_with_what_it_says_of_itself(folder: Path, run_inside: RunInside) -> None:
    found = run_inside("models", "list", "--json").document
    cut, _, small = found["files"]
    assert (small["file_name"], small["architecture"], small["trained_tokens"]) == ("small.gguf", "llama", 77)
    assert (small["sha256"], small["problem"]) == (None, None), "its digest is not computed for a list"
    assert cut["problem"]["code"] == "model_truncated"
    assert (found["folder"], found["loaded"]) == (str(folder), None)
    assert [model["index"] for model in found["network"]] == list(range(66))


def test_the_list_for_people_marks_what_cannot_be_used(folder: Path, run_inside: RunInside) -> None:
    run_inside("models", "use", "small")
    said = run_inside("models", "list").out
    assert "No node with an engine runs" in said
    assert "*  small.gguf" in said
    assert "   cut.gguf cannot be used: Its header does not end within its 90 bytes" in said
    assert max(len(line) for line in said.splitlines()) <= 80, "a bad file's error makes no column wide"
    assert "12  gemma3:270m" in said


def test_a_file_is_told_with_its_digest_and_the_memory_it_needs(folder: Path, run_inside: RunInside) -> None:
    found = run_inside("models", "info", "small", "--json").document
    digest = hashlib.sha256((folder / "small.gguf").read_bytes()).hexdigest()
    assert found["model"]["sha256"] == digest
    assert found["memory"]["fits"] is True
    assert found["memory"]["kv_bytes"] is None, "the file has no layers, so nobody knows"
    said = run_inside("models", "info", str(folder / "small.gguf")).out
    assert digest in said
    assert "fits: needs 128 of" in said
    assert "with a context of 77 tokens, which 4 tasks at once share" in said


@pytest.mark.parametrize(("has_gpu", "gpu_bytes"), [(True, 2000 * 2**20), (False, None)])
def test_memory_is_the_gpus_where_layers_go_there_and_llama_cpp_has_one(
    folder: Path,
    home: Home,
    run_inside: RunInside,
    monkeypatch: pytest.MonkeyPatch,
    has_gpu: bool,
    gpu_bytes: int | None,
) -> None:
    with home.settings.open("a") as file:
        file.write("LLM_OPTION_GPU=1\n")
    gpu = Gpu(name="a", memory_used_bytes=0, memory_total_bytes=2000 * 2**20)
    monkeypatch.setattr(GpuReader, "read", lambda _: GpuReading(gpus=(gpu,)))
    monkeypatch.setattr(models, "has_gpu", lambda: has_gpu)
    memory = run_inside("models", "info", "small", "--json").document["memory"]
    assert (memory["gpu_free_bytes"], memory["fits"]) == (gpu_bytes, True)
    said = run_inside("models", "info", "small").out
    assert ("of 2,000 MiB free on the GPU" in said) is has_gpu


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("12", "ollama pull gemma3:270m"),
        ("2", "Put a GGUF file of it into"),
        ("66", "has published no model 66"),
        ("gemma3:270m", "Model 12 of the network"),
        ("folder", "Is a directory"),
        ("none", "models list"),
        ("cut", "cut short"),
    ],
)
def test_what_is_not_there_is_told_with_where_to_get_it(
    folder: Path, run_inside: RunInside, target: str, says: str
) -> None:
    ended = run_inside("models", "info", target)
    assert (ended.code, says in ended.err) == (Exit.FAILED, True), ended.err


def test_use_writes_the_setting_and_leaves_the_rest(folder: Path, home: Home, run_inside: RunInside) -> None:
    before = home.settings.read_text()
    ended = run_inside("models", "use", "small")
    assert ended.code == Exit.DONE
    assert "Written. No node runs" in ended.out
    assert home.settings.read_text() == f"{before}CORTENSOR_TUI_MODEL_PATH='{folder / 'small.gguf'}'\n"
    run_inside("models", "use", "default")
    assert "CORTENSOR_TUI_MODEL_PATH=\n" in home.settings.read_text()
    assert run_inside("models", "use", "cut").code == Exit.FAILED


async def test_a_running_node_says_what_it_has_loaded(folder: Path, home: Home, node: ScriptedNode) -> None:
    loaded = (await home.run("models", "list", "--json")).document["loaded"]
    assert loaded["model"]
    assert "Loaded: " in (await home.run("models", "list")).out


def test_a_web_address_is_taken_only_with_its_digest(folder: Path, run_inside: RunInside) -> None:
    ended = run_inside("models", "get", "https://example.org/a.gguf")
    assert (ended.code, "--sha256" in ended.err) == (Exit.WRONG_USE, True)


def test_get_tells_of_what_is_here_already(folder: Path, run_inside: RunInside) -> None:
    assert "models use small.gguf" in run_inside("models", "get", "small").out
    assert "ollama pull gemma3:270m" in run_inside("models", "get", "12").err


@pytest.mark.parametrize("digest", ["abc", "z" * 64, "0" * 63])
def test_a_digest_that_is_none_is_told_as_that(folder: Path, run_inside: RunInside, digest: str) -> None:
    ended = run_inside("models", "get", "https://example.org/a.gguf", "--sha256", digest)
    assert (ended.code, "is no SHA-256" in ended.err) == (Exit.WRONG_USE, True)
    assert "needs --sha256" not in ended.err


@pytest.mark.parametrize("command", [("use", "default"), ("use", "small"), ("info", "small"), ("list",)])
def test_a_settings_file_that_is_not_there_is_wrong_use_of_each_command(
    home: Home, run_inside: RunInside, command: tuple[str, ...]
) -> None:
    assert run_inside("models", *command, "--env", str(home.folder / "none.env")).code == Exit.WRONG_USE
