"""The engine that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.choosing import choose_engine, container_plan, reads_model_file
from cortensor_tui.inference.container.engine import ContainerEngine
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from cortensor_tui.settings import Settings, env_line, load_settings

SettingsOf = Callable[..., Settings]


@pytest.fixture
def settings_of(tmp_path: Path) -> SettingsOf:
    def make(**lines: str) -> Settings:
        least = {"HOST": "http://127.0.0.1:1", "CHAINID": "31337", "NODE_PRIVATE_KEY": "0x" + "11" * 32}
        env = tmp_path / ".env"
        env.write_text("".join(env_line(key, value) for key, value in (least | lines).items()))
        env.chmod(0o600)
        return load_settings(env, {})

    return make


@pytest.mark.parametrize(
    ("name", "kind", "reads_file"),
    [("llama", LlamaProcess, True), ("http", OpenAiHttp, False), ("container", ContainerEngine, False)],
)
def test_each_name_is_an_engine(
    settings_of: SettingsOf, tmp_path: Path, name: str, kind: type, reads_file: bool
) -> None:
    settings = settings_of(CORTENSOR_TUI_ENGINE=name, LLM_CONTAINER_IMAGE="12")

    assert type(choose_engine(settings, tmp_path / "m.gguf", lambda health: None)) is kind
    assert reads_model_file(settings) is reads_file


def test_a_docker_elsewhere_is_told(
    settings_of: SettingsOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")
    settings = settings_of(CORTENSOR_TUI_ENGINE="container", LLM_CONTAINER_IMAGE="12")

    with pytest.raises(ProblemError, match="DOCKER_HOST"):
        choose_engine(settings, tmp_path / "m.gguf", lambda health: None)


def test_a_container_is_planned_as_the_network_numbers_and_names_it(
    settings_of: SettingsOf, tmp_path: Path
) -> None:
    settings = settings_of(
        LLM_CONTAINER_IMAGE="14",
        LLM_PORT="7000",
        LLM_WORKER_PORT_PREFIX="1000",
        LLM_WORKER_CONTAINER_NAME_PREFIX="n2-",
        LLM_OPTION_GPU_THRESHOLD="20",
        CORTENSOR_TUI_CONTAINER_MEMORY_MIB="64",
    )

    plan = container_plan(settings, tmp_path / "m.gguf")

    assert (plan.image, plan.name) == ("cortensor/cts-llm-14", "n2-cts-llm-14")
    assert plan.host_port == 8000
    assert plan.owner == str(tmp_path / ".env")
    assert plan.gpu_device_ids is None
    assert plan.gpu_layers == 0
    assert plan.memory_bytes == 64 * 1024 * 1024


def test_a_gpu_container_gets_its_layers_and_devices(settings_of: SettingsOf, tmp_path: Path) -> None:
    gpu = {"LLM_CONTAINER_IMAGE": "a/b", "LLM_GPU_CONTAINER": "1", "LLM_WORKER_BASE_PORT": "9000"}

    all_of_them = container_plan(settings_of(**gpu), tmp_path / "m.gguf")
    two = container_plan(settings_of(**gpu, LLM_GPU_CONTAINER_DEVICE_IDS="0,1"), tmp_path / "m.gguf")

    assert (all_of_them.gpu_device_ids, all_of_them.gpu_layers) == ((), -1)
    assert two.gpu_device_ids == ("0", "1")
    assert two.host_port == 9000


@pytest.mark.parametrize(
    ("image", "is_there", "is_shown"),
    [("a/b", True, True), ("a/b", False, False), ("3", True, False), ("gemma3:4b-gpu", True, False)],
)
def test_a_model_file_that_is_there_is_shown_to_images_without_their_own(
    settings_of: SettingsOf, tmp_path: Path, image: str, is_there: bool, is_shown: bool
) -> None:
    model = tmp_path / "m.gguf"
    if is_there:
        model.touch()

    plan = container_plan(settings_of(LLM_CONTAINER_IMAGE=image), model)

    assert (plan.model_path == model) is is_shown
