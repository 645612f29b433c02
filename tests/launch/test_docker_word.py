"""`docker` on the command line chooses the container engine where the settings name an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.launch.docker_word import with_docker
from cortensor_tui.settings import env_line, load_settings


def settings_file(folder: Path, **more: str) -> Path:
    lines = {"HOST": "http://127.0.0.1:1", "CHAINID": "31337", "NODE_PRIVATE_KEY": "0x" + "11" * 32, **more}
    env = folder / ".env"
    env.write_text("".join(env_line(key, value) for key, value in lines.items()))
    env.chmod(0o600)
    return env


@pytest.mark.parametrize("chosen", ["llama", "http", "container"])
def test_with_an_image_it_goes_before_the_settings(tmp_path: Path, chosen: str) -> None:
    env = settings_file(tmp_path, LLM_CONTAINER_IMAGE="12", CORTENSOR_TUI_ENGINE=chosen)
    said: list[str] = []

    environ = with_docker(env, {"CORTENSOR_TUI_ENGINE": chosen}, said.append)

    assert load_settings(env, environ).engine == "container"
    assert said == []


def test_without_an_image_the_settings_stay_and_that_is_said(tmp_path: Path) -> None:
    env = settings_file(tmp_path)
    said: list[str] = []

    environ = with_docker(env, {}, said.append)

    assert load_settings(env, environ).engine == "llama"
    assert "LLM_CONTAINER_IMAGE names no image" in said[0]
