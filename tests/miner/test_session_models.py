"""Which file a session's tasks are answered with, and what is told where it is not the one asked for."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.domain.problems import Problem
from cortensor_tui.inference.models.digest import file_sha256
from cortensor_tui.inference.switching import FailedModel, ModelWish
from cortensor_tui.miner.session_models import MOST_TOLD, SessionModels
from tests.inference.gguf_files import small_gguf

MISTRAL, LLAVA = 4, 0
NUMBERS = {1: MISTRAL, 2: LLAVA}


def file_in(folder: Path, name: str, *, is_read: bool = True) -> Path:
    path = folder / name
    path.write_bytes(small_gguf())
    if is_read:
        file_sha256(path)
    return path


def models_of(folder: Path, *failed: FailedModel) -> SessionModels:
    found = SessionModels(folder, folder / "own.gguf", lambda: failed)
    found.number_of = NUMBERS.get
    return found


async def test_a_file_of_the_folder_with_the_network_s_name_is_wished_for(tmp_path: Path) -> None:
    path = file_in(tmp_path, "Mistral-7B-Instruct-v0.3.Q4_0.gguf")
    models = models_of(tmp_path)
    assert await models.wish(1) == ModelWish(session_id=1, path=path)
    assert models.warnings == ()


async def test_a_model_that_is_not_there_is_told_with_where_it_is_to_be_had(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    assert await models.wish(2) == ModelWish(session_id=2)
    [told] = models.warnings
    assert "Session 2 is not answered by the model that it asks for: Model 0 of the network, llava" in told
    assert "models get" in told
    file_in(tmp_path, "llava-v1.5-7b-q4.gguf")
    assert (await models.wish(2)).path is not None
    assert models.warnings == ()


async def test_a_file_that_was_never_read_whole_or_is_another_since_is_not_loaded(tmp_path: Path) -> None:
    path = file_in(tmp_path, "Mistral-7B-Instruct-v0.3.Q4_0.gguf", is_read=False)
    models = models_of(tmp_path)
    assert (await models.wish(1)).path is None
    assert f"models info {path.name}" in models.warnings[0]
    file_sha256(path)
    assert (await models.wish(1)).path == path
    path.write_bytes(small_gguf("other"))
    assert (await models.wish(1)).path is None


async def test_the_configured_file_goes_before_another_of_the_same_number(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    file_in(folder, "Mistral-7B-Instruct-v0.3.Q4_0.gguf")
    own = file_in(tmp_path, "Mistral-7B-Instruct-v0.3.Q4_0.gguf")
    models = SessionModels(folder, own)
    models.number_of = NUMBERS.get
    assert await models.wish(1) == ModelWish(session_id=1)


async def test_a_session_of_an_unknown_number_has_no_wish(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    assert await models.wish(3) == ModelWish(session_id=3)
    assert models.warnings == ()


async def test_why_a_model_could_not_be_loaded_is_told(tmp_path: Path) -> None:
    problem = Problem(code="x", what="It does not fit", why="", remedy="Free memory")
    models = models_of(tmp_path, FailedModel(problem, 1, 0.0))
    [told] = models.warnings
    assert told.startswith("Session 1 is not answered by the model that it asks for: It does not fit")


async def test_no_more_is_told_than_can_be_read(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    models.number_of = lambda session_id: LLAVA
    for session_id in range(2 * MOST_TOLD):
        await models.wish(session_id)
    assert len(models.warnings) == MOST_TOLD
