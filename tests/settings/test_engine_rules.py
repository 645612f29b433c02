"""The model server's settings: one token, and a word where prompts cross a public network in clear."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cortensor_tui.settings import Settings, SettingsError, load_settings
from cortensor_tui.settings.engine_rules import engine_url, is_near
from tests.settings.conftest import LEAST, WriteEnv

HTTP = "CORTENSOR_TUI_ENGINE=http\n"

LoadEnv = Callable[[str], Settings]


@pytest.fixture
def load(write_env: WriteEnv) -> LoadEnv:
    """Load a settings file with some more lines."""
    return lambda lines: load_settings(write_env(lines), {})


@pytest.mark.parametrize(
    "line",
    [
        "CORTENSOR_TUI_ENGINE_URL=http://models.example.com:8000/v1",
        "CORTENSOR_TUI_ENGINE_URL=http://8.8.8.8",
        "CORTENSOR_TUI_ENGINE_URL=HTTP://[2001:4860:4860::8888]:80",
        "LLM_HOST=models.example.com",
    ],
)
def test_prompts_in_clear_over_a_public_network_are_told(load: LoadEnv, line: str) -> None:
    [note] = [note for note in load(HTTP + line).notes if "in clear" in note.text]
    assert note.key == line.partition("=")[0]
    assert note.line is not None
    assert "https://" in note.text


@pytest.mark.parametrize(
    "line",
    [
        "",
        "CORTENSOR_TUI_ENGINE_URL=https://models.example.com",
        "CORTENSOR_TUI_ENGINE_URL=http://localhost:8000",
        "CORTENSOR_TUI_ENGINE_URL=http://192.168.1.7:8000",
        "LLM_HOST=::1",
    ],
)
def test_nearby_and_encrypted_servers_need_no_word(load: LoadEnv, line: str) -> None:
    assert not [note for note in load(HTTP + line).notes if "in clear" in note.text]


def test_a_server_that_is_not_used_needs_no_word(load: LoadEnv) -> None:
    assert not [note for note in load("LLM_HOST=models.example.com").notes if "in clear" in note.text]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "gpu",
        "gpu.lan",
        "gpu.local",
        "127.3.4.5",
        "10.0.0.1",
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "100.100.1.2",
        "172.16.0.1",
        "169.254.1.1",
        "gpu.local.",
    ],
)
def test_these_are_near(host: str) -> None:
    assert is_near(host)


@pytest.mark.parametrize(
    "host", ["a.b", "local.example.com", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00::1"]
)
def test_these_may_be_anywhere(host: str) -> None:
    assert not is_near(host)


def test_an_address_is_put_together_from_the_networks_settings() -> None:
    assert engine_url(None, "127.0.0.1", 8090) == "http://127.0.0.1:8090"
    assert engine_url(None, "::1", 8090) == engine_url(None, "[::1]", 8090) == "http://[::1]:8090"
    assert engine_url("https://x/v1", "127.0.0.1", 8090) == "https://x/v1"


def test_two_tokens_are_refused_and_neither_is_shown(load: LoadEnv) -> None:
    with pytest.raises(SettingsError) as caught:
        load("CORTENSOR_TUI_ENGINE_TOKEN=s3cret-token\nCORTENSOR_TUI_ENGINE_TOKEN_FILE=t")
    [problem] = caught.value.problems
    assert problem.key == "CORTENSOR_TUI_ENGINE_TOKEN"
    assert "s3cret" not in str(caught.value) + repr(caught.value.values)


@pytest.mark.parametrize("token", ["s3cret token", "gehe\u00efm", "s3cret\ttoken"])
def test_what_cannot_be_a_token_is_refused_unshown(load: LoadEnv, token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(f'CORTENSOR_TUI_ENGINE_TOKEN="{token}"')
    assert token[:5] not in str(caught.value)


def test_a_token_is_shown_to_nobody_and_its_file_is_to_be_private(write_env: WriteEnv) -> None:
    path = write_env("CORTENSOR_TUI_ENGINE_TOKEN=s3cret-token", least=False)
    with path.open("a") as file:
        file.writelines(f"{key}={value}\n" for key, value in LEAST.items() if "PRIVATE" not in key)
        file.write("CORTENSOR_TUI_WATCH_ADDRESS=0x" + "12" * 20)
    path.chmod(0o644)
    settings = load_settings(path, {})
    assert settings.engine_token is not None
    assert settings.engine_token.reveal() == "s3cret-token"
    [value] = [value for value in settings.values if value.key == "CORTENSOR_TUI_ENGINE_TOKEN"]
    assert value.shown == "(hidden)"
    assert any("read the access token in this file" in note.text for note in settings.notes)
