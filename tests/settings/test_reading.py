"""What operators have in their files, and what the program makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from cortensor_tui.settings import (
    AllSessions,
    ListedSessions,
    OwnSessions,
    Settings,
    SettingsError,
    SourceKind,
    load_settings,
)
from tests.settings.conftest import PRIVATE_KEY, WriteEnv, odd_notes

ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
OTHER = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"


def source_of(settings: Settings, key: str) -> tuple[SourceKind, int | None]:
    value = next(value for value in settings.values if value.key == key)
    return value.source, value.line


def shown(settings: Settings, key: str) -> str:
    return next(value.shown for value in settings.values if value.key == key)


@pytest.mark.parametrize(
    "line",
    [
        "CHAINID=421614",
        'CHAINID="421614"',
        "CHAINID='421614'",
        "CHAINID = 421614",
        'CHAINID = "421614"',
        "export CHAINID=421614",
        "CHAINID=421614 # Arbitrum Sepolia",
        'CHAINID="421614"   # Arbitrum Sepolia',
        "CHAINID=421614   ",
        "CHAINID=421614\r",
        "\n\n  CHAINID=421614",
    ],
)
def test_every_way_operators_write_a_value_is_read(write_env: WriteEnv, line: str) -> None:
    path = write_env(line, f"HOST=http://h\nNODE_PRIVATE_KEY={PRIVATE_KEY}", least=False)

    settings = load_settings(path, {})

    assert settings.chain_id == 421614
    assert source_of(settings, "CHAINID") == (SourceKind.FILE, 3 if line.startswith("\n") else 1)


def test_a_file_with_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    text = f'HOST=http://h:1\r\n\r\nCHAINID=5\r\nNODE_PRIVATE_KEY="{PRIVATE_KEY}"\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())

    settings = load_settings(path, {})

    assert settings.rpc_urls == ("http://h:1",)
    assert source_of(settings, "HOST") == (SourceKind.FILE, 1)
    assert source_of(settings, "NODE_PRIVATE_KEY") == (SourceKind.FILE, 4)


def test_defaults_are_the_documented_ones(write_env: WriteEnv) -> None:
    settings = load_settings(write_env(), {})

    assert settings.authorized_sessions == OwnSessions()
    assert settings.owners == ()
    assert settings.dedicated_enabled
    assert settings.owner_private_key is None
    assert (settings.runtime_address, settings.session_address, settings.queue_address) == (None, None, None)
    assert settings.node_address is None
    assert settings.longest_look_interval_s == 5.0
    assert (settings.context_tokens, settings.batch_tokens, settings.mlock) == (4096, 512, False)
    assert (settings.cpu_threads, settings.gpu_enabled, settings.gpu_layers) == (None, False, None)
    assert (settings.llm_host, settings.llm_port) == ("127.0.0.1", 8090)
    assert (settings.raw_prompt, settings.seed, settings.precommit_data) == ("chat", None, "")
    assert settings.max_fee_wei == 100 * 10**9
    assert settings.low_balance_wei == 5 * 10**16
    assert (settings.ack_deadline_s, settings.precommit_deadline_s, settings.commit_deadline_s) == (None,) * 3
    assert settings.model_path is None
    assert settings.data_dir == platformdirs.user_data_path("cortensor-tui")
    assert source_of(settings, "LLM_PORT") == (SourceKind.DEFAULT, None)
    assert odd_notes(settings) == []


def test_every_kind_of_value_is_typed(write_env: WriteEnv) -> None:
    path = write_env(
        f"NODE_PUBLIC_KEY={ADDRESS.lower()}",
        f"CONTRACT_ADDRESS_RUNTIME='{ADDRESS}'",
        f"CORTENSOR_TUI_SESSION_V2_ADDRESS={OTHER}",
        f"CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS={ADDRESS.upper().replace('0X', '0x')}",
        f"CORTENSOR_TUI_OWNER_PRIVATE_KEY={'AB' * 32}",
        f"CORTENSOR_TUI_OWNERS={ADDRESS}, {OTHER},{ADDRESS.lower()}",
        "ENABLE_DEDICATED_NODE=0",
        'DEDICATED_NODE_AUTHORIZED_SESSIONS="0,1, 2"',
        "MINER_PULLING_INTERVAL_SECONDS=2.5",
        "LLM_OPTION_MLOCK=1",
        "LLM_OPTION_GPU=1",
        "LLM_OPTION_GPU_THRESHOLD=12",
        "LLM_OPTION_CPU_THREADS=3",
        "LLM_CONTAINER_IMAGE=deepseek-r1:8b-gpu",
        "LOG_FILE_NAME = 'miner.log'",
        "CORTENSOR_TUI_SEED=7",
        "CORTENSOR_TUI_RAW_PROMPT=Verbatim",
        'CORTENSOR_TUI_SYSTEM_PROMPT="First line\nsecond # line"',
        "CORTENSOR_TUI_MAX_FEE_GWEI=0.1",
        "CORTENSOR_TUI_LOW_BALANCE_ETH=0.000000000000000001",
        "CORTENSOR_TUI_ACK_DEADLINE_S=7.5",
    )

    settings = load_settings(path, {})

    assert settings.node_address == ADDRESS.lower()
    assert settings.runtime_address == ADDRESS
    assert settings.session_address == OTHER
    assert settings.queue_address == ADDRESS.upper().replace("0X", "0x")
    assert settings.owner_private_key is not None
    assert settings.owner_private_key.reveal() == "0x" + "ab" * 32
    assert settings.owners == (ADDRESS, OTHER)
    assert not settings.dedicated_enabled
    assert settings.authorized_sessions == ListedSessions(frozenset({0, 1, 2}))
    assert settings.longest_look_interval_s == 2.5
    assert (settings.mlock, settings.gpu_enabled, settings.gpu_layers, settings.cpu_threads) == (
        True,
        True,
        12,
        3,
    )
    assert settings.container_image == "deepseek-r1:8b-gpu"
    assert settings.log_file_name == "miner.log"
    assert (settings.seed, settings.raw_prompt) == (7, "verbatim")
    assert settings.default_system_prompt == "First line\nsecond # line"
    assert settings.max_fee_wei == 10**8
    assert settings.low_balance_wei == 1
    assert settings.ack_deadline_s == 7.5


def test_zeros_and_nothing_stand_for_an_unknown_address(write_env: WriteEnv) -> None:
    path = write_env("NODE_PUBLIC_KEY=0x" + "0" * 40, "CONTRACT_ADDRESS_RUNTIME=")

    settings = load_settings(path, {})

    assert settings.node_address is None
    assert settings.runtime_address is None


def test_all_threads_means_every_core(write_env: WriteEnv) -> None:
    assert load_settings(write_env("LLM_OPTION_CPU_THREADS=99999"), {}).cpu_threads == os.cpu_count()
    assert load_settings(write_env("LLM_OPTION_CPU_THREADS=-1"), {}).cpu_threads is None


@pytest.mark.parametrize(
    ("text", "own_is_served", "foreign_is_served"),
    [("", True, False), ("*", True, True), ("7", True, True), ("8", False, False)],
)
def test_authorized_sessions_decide_what_is_served(
    write_env: WriteEnv, text: str, own_is_served: bool, foreign_is_served: bool
) -> None:
    settings = load_settings(write_env(f"DEDICATED_NODE_AUTHORIZED_SESSIONS={text}"), {})

    assert settings.authorized_sessions.allows(7, is_ours=True) is own_is_served
    assert settings.authorized_sessions.allows(7, is_ours=False) is foreign_is_served
    assert (settings.authorized_sessions == AllSessions()) is (text == "*")


def test_further_endpoints_count_only_when_switched_on(write_env: WriteEnv) -> None:
    hosts = [
        "RPC_HOST_0=http://127.0.0.1:8545",
        "RPC_HOST_1=https://b/x",
        "RPC_HOST_2=https://c",
        "RPC_HOST_3=nonsense",
    ]

    off = load_settings(write_env(*hosts, "NUM_RPC_HOST=3"), {})
    on = load_settings(write_env(*hosts, "NUM_RPC_HOST=3", "ENABLE_MULTIPLE_RPC_HOST=1"), {})

    assert off.rpc_urls == ("http://127.0.0.1:8545",)
    assert on.rpc_urls == ("http://127.0.0.1:8545", "https://b/x", "https://c")


def test_a_missing_endpoint_of_several_gets_a_note(write_env: WriteEnv) -> None:
    settings = load_settings(
        write_env("ENABLE_MULTIPLE_RPC_HOST=1", "NUM_RPC_HOST=2", "RPC_HOST_0=http://b"), {}
    )

    assert settings.rpc_urls == ("http://127.0.0.1:8545", "http://b")
    assert [note.key for note in odd_notes(settings)] == ["RPC_HOST_1"]


def test_a_head_feed_is_a_websocket_or_off(write_env: WriteEnv) -> None:
    url = "wss://host:8548/v3/SECRETTOKEN"
    settings = load_settings(write_env(f"CORTENSOR_TUI_HEAD_FEED={url}"), {})
    assert settings.head_feed == url
    assert shown(settings, "CORTENSOR_TUI_HEAD_FEED") == "wss://host:8548/…"
    assert load_settings(write_env("CORTENSOR_TUI_HEAD_FEED=OFF"), {}).head_feed == "off"
    for wrong in ("https://host", "ws://", "on", "ws://host:0"):
        with pytest.raises(SettingsError, match="a ws:// or wss:// address, or off"):
            load_settings(write_env(f"CORTENSOR_TUI_HEAD_FEED={wrong}"), {})


def test_the_environment_overrides_our_keys_and_not_the_networks(write_env: WriteEnv) -> None:
    path = write_env("CORTENSOR_TUI_SEED=1", "LLM_PORT=9001", "CORTENSOR_TUI_RAW_PROMPT=verbatim")
    environ = {"CORTENSOR_TUI_SEED": "2", "LLM_PORT": "9002", "CHAINID": "1", "CORTENSOR_TUI_RAW_PROMPT": ""}

    settings = load_settings(path, environ)

    assert (settings.seed, settings.llm_port, settings.chain_id) == (2, 9001, 31337)
    assert settings.raw_prompt == "verbatim"  # an empty variable counts as unset
    assert source_of(settings, "CORTENSOR_TUI_SEED") == (SourceKind.ENVIRONMENT, None)
    assert source_of(settings, "LLM_PORT") == (SourceKind.FILE, 5)


def test_paths_count_from_the_settings_file_and_know_the_home(
    write_env: WriteEnv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/operator")
    path = write_env("CORTENSOR_TUI_MODEL_PATH=models/a.gguf", "CORTENSOR_TUI_DATA_DIR=~/node-1")

    settings = load_settings(path, {})

    assert settings.model_path == tmp_path / "models/a.gguf"
    assert settings.data_dir == Path("/home/operator/node-1")
    assert load_settings(write_env("CORTENSOR_TUI_DATA_DIR=."), {}).data_dir == tmp_path


def test_nothing_is_expanded_in_a_value(write_env: WriteEnv) -> None:
    settings = load_settings(write_env('CORTENSOR_TUI_SYSTEM_PROMPT="costs $HOME and ${CHAINID}"'), {})

    assert settings.default_system_prompt == "costs $HOME and ${CHAINID}"


def test_an_unset_system_prompt_differs_from_an_empty_one(write_env: WriteEnv) -> None:
    assert load_settings(write_env(), {}).default_system_prompt == "You are a helpful assistant."
    assert load_settings(write_env("CORTENSOR_TUI_SYSTEM_PROMPT="), {}).default_system_prompt == ""


def test_what_is_shown_of_settings_has_no_key_and_no_token(write_env: WriteEnv) -> None:
    path = write_env(
        "HOST=https://user:pass@rpc.example:8443/v2/token-abc?key=token-def",
        f"CORTENSOR_TUI_OWNER_PRIVATE_KEY={'77' * 32}",
    )

    settings = load_settings(path, {})

    everything = repr(settings) + str(settings) + "".join(value.shown for value in settings.values)
    assert shown(settings, "HOST") == "https://rpc.example:8443/…"
    assert shown(settings, "NODE_PRIVATE_KEY") == "(hidden)"
    for secret in ("4c" * 8, "77" * 8, "token-abc", "token-def", "user:pass"):
        assert secret not in everything
