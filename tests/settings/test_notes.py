"""What is odd in a file but stops nothing."""

from __future__ import annotations

import pytest

from cortensor_tui.settings import load_settings
from tests.settings.conftest import WriteEnv, odd_notes


def notes_of(write_env: WriteEnv, *lines: str, environ: dict[str, str] | None = None) -> list[str]:
    return [note.text for note in odd_notes(load_settings(write_env(*lines), environ or {}))]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("LLM_OPTION_CPU_TREADS", "LLM_OPTION_CPU_THREADS"),
        ("DEDICATED_NODE_AUTHORISED_SESSIONS", "DEDICATED_NODE_AUTHORIZED_SESSIONS"),
        ("CORTENSOR_TUI_OWNER", "CORTENSOR_TUI_OWNERS"),
        ("chainId", "CHAINID"),
    ],
)
def test_a_likely_typo_names_what_was_meant_and_never_the_value(
    write_env: WriteEnv, key: str, meant: str
) -> None:
    (note,) = notes_of(write_env, f"{key}=hush")

    assert key in note
    assert meant in note
    assert "hush" not in note


def test_an_unknown_key_gets_a_note_and_its_line(write_env: WriteEnv) -> None:
    (note,) = odd_notes(load_settings(write_env("", "MY_OWN_THING=1"), {}))

    assert (note.key, note.line) == ("MY_OWN_THING", 5)
    assert "meant" not in note.text


@pytest.mark.parametrize(
    "key", ["ROUTER_REST_PORT", "LLM_OPTION_MODEL_GPU_THRESHOLD_12", "HOST_MAINNET", "RPC_HOST_7", "API_KEY"]
)
def test_keys_of_other_parts_of_cortensord_pass_in_silence(write_env: WriteEnv, key: str) -> None:
    assert notes_of(write_env, f"{key}=anything") == []


def test_a_whole_file_of_cortensord_passes_in_silence(write_env: WriteEnv) -> None:
    """The names are those of the public installer's example file; the values are ours."""
    names = [
        "HOST_MAINNET",
        "ENABLE_MULTIPLE_RPC_HOST",
        "ENABLE_MULTIPLE_RPC_HOST_DEBUG",
        "NUM_RPC_HOST",
        "RPC_HOST_0",
        "RPC_HOST_19",
        "CONTRACT_ADDRESS_IAM",
        "CONTRACT_ADDRESS",
        "WS_HOST_ROUTER",
        "AGENT_WS_PORT_ROUTER",
        "ROUTER_EXTERNAL_IP",
        "API_ENABLE",
        "ROUTER_REST_BIND_PORT",
        "REVERSE_PROXY_REST_PORT",
        "LLM_OPTION_MODEL_GPU_THRESHOLD_65",
        "LLM_GPU_CONTAINER",
        "LLM_GPU_CONTAINER_DEVICE_IDS",
        "DEV_MODE_ENABLE_DEBUG_PRINT",
        "OVERRIDE_GLOBAL_ENV_FILE",
        "DOCKER_IPFS",
        "AGENT_MINER_DOCKER_LLM",
        "AGENT_ROLE",
        "ENABLE_IPFS_SERVER",
        "LLM_SUBPROCESS_MODEL",
        "LLM_MEMORY_INDEX_DYNAMIC_LOADING",
        "LLM_MEMORY_INDEX_BUFFER_PERCENTAGE",
        "ENABLE_TX_QUEUE_MODE",
        "ENABLE_INFERENCE_QUEUE_MODE",
        "DOCKER_LLM_MANAGER",
        "ENABLE_STREAM_QUEUE_NON_BLOCKING",
        "LLM_WORKER_BASE_PORT",
        "ENABLE_LLM_GATEWAY",
        "LLM_GATEWAY_WORKER_BASE_PORT",
        "LLM_START_WAIT_SECONDS",
        "LLM_START_WAIT_SECONDS_ADDITIONAL_FOR_GPU",
        "IS_L3",
        "ENCRYPTION_SEED",
        "OFFCHAIN_S3_SECRET_KEY",
        "MCP_PORT",
        "X402_ENABLE",
        "TAVILY_API_KEY",
        "LLM_VALIDATOR_V2_EMBEDDING_BATCH_CALL_TIMEOUT",
    ]
    read_here = {
        "RPC_HOST_0": "http://h",
        "NUM_RPC_HOST": "1",
        "LLM_WORKER_BASE_PORT": "1",
        "LLM_START_WAIT_SECONDS": "1",
    }

    assert notes_of(write_env, *(f"{name}={read_here.get(name, '0')} # Not used" for name in names)) == []


def test_a_key_set_twice_gets_a_note_and_the_last_counts(write_env: WriteEnv) -> None:
    path = write_env("LLM_PORT=1000", "LLM_PORT=2000")

    settings = load_settings(path, {})

    assert settings.llm_port == 2000
    (note,) = odd_notes(settings)
    assert (note.key, note.line) == ("LLM_PORT", 5)
    assert "not line 4" in note.text


@pytest.mark.parametrize(("mode", "is_noted"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)])
def test_a_private_key_that_others_can_read_gets_a_note(
    write_env: WriteEnv, mode: int, is_noted: bool
) -> None:
    path = write_env()
    path.chmod(mode)

    assert any("chmod 600" in note.text for note in load_settings(path, {}).notes) is is_noted


def test_a_line_that_is_no_setting_gets_a_note_without_its_text(write_env: WriteEnv) -> None:
    (note,) = odd_notes(load_settings(write_env("0x-secret-pasted-alone"), {}))

    assert note.line == 4
    assert "pasted" not in note.text


def test_unknown_variables_of_ours_in_the_environment_get_a_note(write_env: WriteEnv) -> None:
    (note,) = notes_of(
        write_env, environ={"CORTENSOR_TUI_SEEED": "1", "OTHER": "1", "CORTENSOR_TUI_DEBUG": "1"}
    )

    assert "CORTENSOR_TUI_SEEED of the environment" in note
    assert "CORTENSOR_TUI_SEED was meant" in note


def test_a_variable_of_the_process_does_nothing_in_the_file(write_env: WriteEnv) -> None:
    (note,) = notes_of(write_env, "CORTENSOR_TUI_DEMO_SECONDS=5")

    assert "process environment only" in note


def test_a_key_in_plain_text_gets_a_warning_that_names_the_way_out(write_env: WriteEnv) -> None:
    path = write_env(f"CORTENSOR_TUI_OWNER_PRIVATE_KEY={'77' * 32}")

    notes = load_settings(path, {}).notes

    assert [(note.key, note.line) for note in notes] == [
        ("NODE_PRIVATE_KEY", 3),
        ("CORTENSOR_TUI_OWNER_PRIVATE_KEY", 4),
    ]
    assert f"cortensor-tui keys import --env {path} --role owner" in notes[1].text
    assert "7777" not in notes[1].text


def test_a_keystore_earns_no_warning(write_env: WriteEnv) -> None:
    path = write_env("HOST=http://h", "CHAINID=1", "CORTENSOR_TUI_NODE_KEYSTORE=key.json", least=False)

    settings = load_settings(path, {})

    assert settings.notes == ()
    assert settings.node_keystore == path.parent / "key.json"
