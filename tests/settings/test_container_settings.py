"""The settings of a container: what is read, and what does not go together."""

from __future__ import annotations

import pytest

from cortensor_tui.settings import SettingsError, load_settings
from tests.settings.conftest import WriteEnv


def test_they_are_read_as_on_the_network(write_env: WriteEnv) -> None:
    path = write_env(
        "CORTENSOR_TUI_ENGINE=container",
        "LLM_CONTAINER_IMAGE=deepseek-r1:8b-gpu",
        "LLM_WORKER_BASE_PORT=8090 # base",
        "LLM_WORKER_PORT_PREFIX=1000",
        'LLM_WORKER_CONTAINER_NAME_PREFIX="n2-"',
        "LLM_GPU_CONTAINER=1",
        'LLM_GPU_CONTAINER_DEVICE_IDS="0, GPU-1a,0"',
        "LLM_START_WAIT_SECONDS=10",
        """CORTENSOR_TUI_CONTAINER_COMMAND="-m {model} 'a b'\"""",
    )

    settings = load_settings(path, {})

    assert (settings.engine, settings.container_image) == ("container", "deepseek-r1:8b-gpu")
    assert (settings.worker_base_port, settings.worker_port_prefix) == (8090, 1000)
    assert settings.container_name_prefix == "n2-"
    assert settings.container_gpu
    assert settings.container_gpu_ids == ("0", "GPU-1a")
    assert settings.start_wait_s == 10
    assert settings.container_command == ("-m", "{model}", "a b")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("LLM_CONTAINER_IMAGE=-rf", "not the name of a container image"),
        ("LLM_CONTAINER_IMAGE=a b", "not the name of a container image"),
        ("LLM_WORKER_CONTAINER_NAME_PREFIX=a/b", "no container's name has"),
        ("LLM_GPU_CONTAINER_DEVICE_IDS=0,,1", "empty place"),
        ("LLM_GPU_CONTAINER_DEVICE_IDS=;", "not a list of GPUs"),
        ("LLM_START_WAIT_SECONDS=0", "out of range"),
        ("""CORTENSOR_TUI_CONTAINER_COMMAND="-m 'x\"""", "a quote that is not closed"),
    ],
)
def test_what_cannot_be_meant_is_told(write_env: WriteEnv, line: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write_env(line), {})

    (problem,) = caught.value.problems
    assert words in problem.sentence()


def test_a_container_without_an_image_is_told(write_env: WriteEnv) -> None:
    with pytest.raises(SettingsError, match="LLM_CONTAINER_IMAGE is empty, and the engine is a container"):
        load_settings(write_env("CORTENSOR_TUI_ENGINE=container"), {})


def test_ports_that_add_up_to_too_much_are_told(write_env: WriteEnv) -> None:
    lines = ("CORTENSOR_TUI_ENGINE=container", "LLM_CONTAINER_IMAGE=12", "LLM_WORKER_PORT_PREFIX=60000")

    with pytest.raises(SettingsError, match="makes 68090"):
        load_settings(write_env(*lines), {})
    assert load_settings(write_env(lines[2]), {}).worker_port_prefix == 60000
