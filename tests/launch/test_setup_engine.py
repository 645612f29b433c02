"""Setting up a node's engine: what each probe tells, and what is written of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cortensor_tui.launch.setup import engine
from cortensor_tui.launch.setup.desk import SetupDesk
from cortensor_tui.launch.setup.engine import with_model_path
from cortensor_tui.launch.setup.probing import probe
from cortensor_tui.settings import Secret, load_settings
from cortensor_tui.settings.env_file import parse_env
from cortensor_tui.settings.setup_draft import EngineWay, Finding, SetupDraft, Step
from tests.inference.container.conftest import docker
from tests.inference.container.scripted_docker import ScriptedDocker
from tests.inference.gguf_files import small_gguf
from tests.inference.openai_http.told_server import DONE, Script, end_of, event, piece_of, told_server

__all__ = ["docker"]
PASSWORD = Secret("correct horse")


def draft(way: EngineWay, **more: object) -> SetupDraft:
    base = SetupDraft(
        host="http://127.0.0.1:9",
        chain_id="31337",
        password=PASSWORD,
        password_again=PASSWORD,
        engine_way=way,
    )
    return msgspec.structs.replace(base, **more)


def bad(findings: tuple[Finding, ...]) -> Finding:
    """Return the first finding that stops the way on, which must say what to do, and name no setting."""
    found = next(one for one in findings if one.is_good is False)
    assert found.remedy
    assert "CORTENSOR_TUI_" not in found.remedy, "there are no settings yet"
    return found


async def test_a_server_is_asked_for_its_models_and_for_one_token() -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("Hi"), end_of("length"), DONE)))
        found = await probe(Step.ENGINE, draft(EngineWay.HTTP, engine_url=f"{server.url}/v1"))
        assert [one.is_good for one in found] == [True, True]
        assert found[0].text == f"llama-server b1234-abcdef0 at {server.url}"
        assert found[1].text.startswith("Told-1B.Q4_1: first token after ")
        assert found[1].text.endswith("context 1,024")
        [asked] = server.posts
        assert asked.payload["max_tokens"] == 1


async def test_a_server_in_trouble_is_told_with_what_to_do() -> None:
    assert "still to be given" in bad(await probe(Step.ENGINE, draft(EngineWay.HTTP))).text
    assert "address" in bad(await probe(Step.ENGINE, draft(EngineWay.HTTP, engine_url="ftp://x"))).text
    nobody = await probe(Step.ENGINE, draft(EngineWay.HTTP, engine_url="http://127.0.0.1:9"))
    assert "cannot be reached" in bad(nobody).text
    async with told_server() as server:
        at = draft(EngineWay.HTTP, engine_url=server.url)
        wrong = msgspec.structs.replace(at, engine_model="none such")
        assert "has no model none such: it lists" in bad(await probe(Step.ENGINE, wrong)).text
        server.scripts.append(Script(pieces=(event({"error": "out of memory"}),)))
        assert "out of memory" in bad(await probe(Step.ENGINE, at)).text
        server.token = "secret"
        assert "wants another access token" in bad(await probe(Step.ENGINE, at)).text
        no_file = msgspec.structs.replace(at, engine_token_file="/no/such/token")
        assert "is not there" in bad(await probe(Step.ENGINE, no_file)).text


async def test_docker_and_its_image_are_asked_for(
    docker: ScriptedDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "default_model_folder", lambda: tmp_path)
    environ = {"DOCKER_HOST": f"unix://{docker.socket_path}"}
    unnamed = await probe(Step.ENGINE, draft(EngineWay.CONTAINER), environ)
    assert unnamed[0].text == f"Docker 27.1 at {docker.socket_path}"
    assert "still to be named" in bad(unnamed).text
    other = await probe(Step.ENGINE, draft(EngineWay.CONTAINER, container_image="a/b:c"), environ)
    assert [one.is_good for one in other] == [True, None, None]
    assert other[1].text == "a/b:c is pulled at the start"
    assert "must have one inside" in other[2].text
    docker.add_image("cortensor/cts-llm-12")
    own = await probe(Step.ENGINE, draft(EngineWay.CONTAINER, container_image="12"), environ)
    assert [one.text for one in own[1:]] == ["cortensor/cts-llm-12 is on this machine", "its model is inside"]


async def test_a_docker_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    found = await probe(Step.ENGINE, draft(EngineWay.CONTAINER, container_image="a"), environ)
    assert "No Docker engine answers" in bad(found).text
    elsewhere = await probe(Step.ENGINE, draft(EngineWay.CONTAINER), {"DOCKER_HOST": "tcp://h:1"})
    assert "no Unix socket" in bad(elsewhere).text


async def test_a_model_may_be_named_as_in_the_model_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "default_model_folder", lambda: tmp_path)
    file = tmp_path / "small.gguf"
    file.write_bytes(small_gguf())
    named = draft(EngineWay.LLAMA, model_path="small")
    [found] = await probe(Step.ENGINE, named)
    assert found.is_good
    assert with_model_path(named).model_path == str(file)
    assert with_model_path(draft(EngineWay.LLAMA, model_path="default")).model_path == ""
    unknown = await probe(Step.ENGINE, draft(EngineWay.LLAMA, model_path="12"))
    assert "is not in" in bad(unknown).text


@pytest.mark.parametrize(
    ("typed", "settings"),
    [
        (draft(EngineWay.LLAMA), {}),
        (
            draft(EngineWay.HTTP, engine_url="http://h:1", engine_model="m", container_image="left over"),
            {
                "CORTENSOR_TUI_ENGINE": "http",
                "CORTENSOR_TUI_ENGINE_URL": "http://h:1",
                "CORTENSOR_TUI_ENGINE_MODEL": "m",
            },
        ),
        (
            draft(EngineWay.CONTAINER, container_image="12", engine_url="http://left.over"),
            {"CORTENSOR_TUI_ENGINE": "container", "LLM_CONTAINER_IMAGE": "12"},
        ),
    ],
    ids=["llama", "http", "container"],
)
async def test_the_engine_that_was_chosen_is_written_and_no_other(
    typed: SetupDraft, settings: dict[str, str], tmp_path: Path
) -> None:
    desk = SetupDesk(tmp_path / ".env", {})
    shown = dict(line.split("=", 1) for line in desk.summary(typed))
    written = await desk.write(typed)
    env = parse_env(written.settings_path.read_text(), written.settings_path)
    names = ("ENGINE", "CONTAINER", "MODEL")
    assert {key: value for key, value in shown.items() if any(one in key for one in names)} == settings
    assert settings.items() <= {key: entry.value for key, entry in env.entries.items()}.items()
    assert load_settings(written.settings_path, {}).engine == typed.engine_way.value
