"""The table, and what is made of it: the example file, the page, and each kind's way back to text."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.settings import (
    REQUIRED,
    RPC_HOST_SPECS,
    SPECS,
    AllSessions,
    ListedSessions,
    OwnSessions,
    Secret,
    Settings,
    SettingsError,
    Spec,
    env_line,
    load_settings,
)
from cortensor_tui.settings.document import example_file, settings_page
from tests.settings.conftest import PRIVATE_KEY

ROOT = Path(__file__).parents[2]
BY_KEY = {spec.key: spec for spec in SPECS}

hex_digits = st.text("0123456789abcdef", min_size=40, max_size=40)
addresses = hex_digits.map(lambda digits: "0x" + digits)
real_addresses = addresses.filter(lambda text: int(text, 16) != 0)
lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=50)
seconds = st.integers(1, 864_000).map(lambda tenths: tenths / 10)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "CHAINID": st.integers(1, 2**63 - 1),
    "NUM_RPC_HOST": st.integers(1, 20),
    "HOST": st.sampled_from(["http://h", "https://u:p@h:1/x?y=z#w", "http://[::1]:8545"]),
    "NODE_PUBLIC_KEY": st.none() | real_addresses,
    "NODE_PRIVATE_KEY": st.integers(1, 2**252).map(lambda number: Secret(f"0x{number:064x}")),
    "CORTENSOR_TUI_OWNERS": st.lists(real_addresses, min_size=1, max_size=5, unique=True).map(tuple),
    "ENABLE_DEDICATED_NODE": st.booleans(),
    "DEDICATED_NODE_AUTHORIZED_SESSIONS": st.just(OwnSessions())
    | st.just(AllSessions())
    | st.frozensets(st.integers(0, 2**256 - 1), min_size=1, max_size=9).map(ListedSessions),
    "CORTENSOR_TUI_ACK_DEADLINE_S": seconds,
    "CORTENSOR_TUI_LOW_BALANCE_ETH": st.integers(0, 10**27),
    "CORTENSOR_TUI_PRECOMMIT_DATA": lines,
    "CORTENSOR_TUI_SYSTEM_PROMPT": st.text(
        st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=80
    ),
    "CORTENSOR_TUI_FINALITY": st.sampled_from(["finalized", "safe"]) | st.integers(1, 10_000_000),
    "CORTENSOR_TUI_BUMP": st.booleans(),
    "CORTENSOR_TUI_SEED": st.integers(0, 2**32 - 2),
    "CORTENSOR_TUI_RAW_PROMPT": st.sampled_from(["chat", "verbatim"]),
    "LLM_OPTION_GPU_THRESHOLD": st.none() | st.integers(0, 10_000),
    "LLM_OPTION_CPU_THREADS": st.none() | st.integers(1, 99_998),
    "LOG_FILE_NAME": st.sampled_from(["a.log", "…", "a b"]),
    "CORTENSOR_TUI_MODEL_PATH": st.sampled_from([Path("a/b.gguf"), Path("/x y/#.gguf")]),
}


def read_back(line: str) -> dict[str, str | None]:
    return dotenv_values(stream=io.StringIO(line, newline=""), interpolate=False)


@given(data=st.data(), key=st.sampled_from(sorted(VALUES)))
def test_a_value_written_to_a_file_is_read_back(
    data: st.DataObject, key: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = BY_KEY[key]
    value = data.draw(VALUES[key])

    text = spec.kind.render(value)
    assert spec.kind.parse(text) == value
    assert read_back(env_line(key, text)) == {key: text}


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_survives_quoting(text: str) -> None:
    assert read_back(env_line("KEY", text)) == {"KEY": text}


def test_the_table_has_each_key_and_each_field_once() -> None:
    keys = [spec.key for spec in (*SPECS, *RPC_HOST_SPECS)]
    ingredients = {"primary_rpc_url", "multiple_rpc_enabled", "rpc_host_count"}
    fields = {spec.field for spec in SPECS}

    assert len(keys) == len(set(keys))
    assert fields - ingredients == set(Settings.__struct_fields__) - {
        *("path", "rpc_urls", "values", "typed", "notes")
    }


with_default = [spec for spec in SPECS if spec.default not in (REQUIRED, None, ())]


@pytest.mark.parametrize("spec", with_default, ids=lambda spec: spec.key)
def test_defaults_are_values_of_their_kind(spec: Spec) -> None:
    assert spec.kind.parse(spec.kind.render(spec.default)) == spec.default


def test_secrets_are_exactly_the_private_keys_and_the_token() -> None:
    assert {spec.key for spec in SPECS if spec.is_secret} == {
        "NODE_PRIVATE_KEY",
        "CORTENSOR_TUI_OWNER_PRIVATE_KEY",
        "CORTENSOR_TUI_ENGINE_TOKEN",
    }


def test_the_example_file_and_the_page_are_made_from_the_table() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example_file()
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_page()


def test_the_example_file_lacks_nothing_but_the_key() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(ROOT / ".env.example", {})

    (problem,) = caught.value.problems
    assert problem.key == "NODE_PRIVATE_KEY"


def test_the_defaults_named_in_the_example_are_the_real_ones(tmp_path: Path) -> None:
    lines = example_file().splitlines()
    keys = {f"# {key}=" for key in BY_KEY}
    uncommented = [line[2:] if any(line.startswith(key) for key in keys) else line for line in lines]
    given_key = [line for line in uncommented if not line.startswith("NODE_PRIVATE_KEY")]
    path = tmp_path / "all.env"
    least = tmp_path / "least.env"
    path.write_text("\n".join([*given_key, f"NODE_PRIVATE_KEY={PRIVATE_KEY}"]))
    least.write_text(
        "\n".join([*(line for line in lines if "=0x0" not in line), f"NODE_PRIVATE_KEY={PRIVATE_KEY}"])
    )

    spelt_out, by_default = load_settings(path, {}), load_settings(least, {})

    for name in set(Settings.__struct_fields__) - {"path", "values", "notes"}:
        assert getattr(spelt_out, name) == getattr(by_default, name), name


def test_a_secret_shows_a_mask_and_does_not_travel() -> None:
    secret = Secret(PRIVATE_KEY)

    assert "4c4c" not in f"{secret} {secret!r} {[secret]} {secret:>80}"
    assert secret.reveal() == PRIVATE_KEY
    assert secret == Secret(PRIVATE_KEY) != Secret("0x" + "5d" * 32)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)


def test_loading_settings_imports_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"HOST=http://h\nCHAINID=1\nNODE_PRIVATE_KEY={PRIVATE_KEY}\n")
    program = (
        "import sys, pathlib; from cortensor_tui.settings import load_settings; "
        f"load_settings(pathlib.Path({str(path)!r}), {{}}); "
        "heavy = {'pydantic', 'web3', 'eth_account', 'aiohttp', 'asyncio'}; print(heavy & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
