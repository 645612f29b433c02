"""What a node tells of its network: every number with where it is from, every endpoint with how it stands."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cortensor_tui.domain.network_report import NetworkReport
from cortensor_tui.node.messages import Reply
from cortensor_tui.node.network import make_pool, profile_of
from cortensor_tui.node.network_report import network_report, profile_values
from cortensor_tui.settings import Settings, load_settings

KEY = "0x" + "4c" * 32


def settings_of(folder: Path, chain_id: int = 421614, **values: str) -> Settings:
    path = folder / "node.env"
    given = {"HOST": "http://127.0.0.1:1/secret-token", "NODE_PRIVATE_KEY": KEY, **values}
    path.write_text(f"CHAINID={chain_id}\n" + "".join(f"{key}={value}\n" for key, value in given.items()))
    path.chmod(0o600)
    return load_settings(path, {})


def values_of(settings: Settings) -> dict[str, tuple[str, str, str]]:
    profile = profile_of(settings, settings.chain_id)
    return {one.name: (one.value, one.standing, one.setting) for one in profile_values(settings, profile)}


def test_a_number_nobody_published_says_that_it_is_assumed(tmp_path: Path) -> None:
    told = values_of(settings_of(tmp_path))
    setting = "CORTENSOR_TUI_ACK_DEADLINE_S"
    assert told["ack_deadline_s"] == ("60", "assumed: the network publishes none", setting)
    assert told["log_span_blocks"] == ("2000", "chosen by this program", "CORTENSOR_TUI_LOG_SPAN_BLOCKS")
    value, standing, setting = told["session_modes"]
    assert (value, standing, setting) == (
        "ephemeral 0, hybrid 1, dedicated 2",
        "from one public client",
        "",
    )


def test_a_number_that_is_set_names_its_setting(tmp_path: Path) -> None:
    told = values_of(
        settings_of(tmp_path, CORTENSOR_TUI_ACK_DEADLINE_S="45", CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH="2")
    )
    assert told["ack_deadline_s"][:2] == ("45", "set as CORTENSOR_TUI_ACK_DEADLINE_S")
    assert told["daily_gas_budget_wei"][1] == "set as CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH"
    assert told["commit_deadline_s"][1] == "assumed: the network publishes none"


def test_a_number_set_to_what_it_is_anyway_is_set_all_the_same(tmp_path: Path) -> None:
    told = values_of(settings_of(tmp_path, CORTENSOR_TUI_ACK_DEADLINE_S="60"))
    assert told["ack_deadline_s"][1] == "set as CORTENSOR_TUI_ACK_DEADLINE_S"


async def test_before_the_chain_is_found_nothing_is_made_up(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    pool = make_pool(settings)
    told = network_report(settings, pool, None, None, None)
    await pool.close()
    assert (told.origin, told.head_feed) == (None, None)
    assert [(one.what, one.is_same) for one in told.comparisons] == [("chain id (CHAINID)", None)]
    [endpoint] = told.endpoints
    assert (endpoint.health.head_number, endpoint.chain_id, endpoint.blocks_behind) == (None, None, None)
    assert b"secret-token" not in msgspec.json.encode(told)


def test_it_travels_as_a_reply() -> None:
    reply = Reply(request_id=1, body=NetworkReport(network="local", endpoints=()))
    assert msgspec.json.decode(msgspec.json.encode(reply), type=Reply) == reply
