"""What a node finds out before it serves, from settings and a real chain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.contracts.abi import load_interface
from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.chain.rpc.client import Call, Rpc
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.network import find_network, head_warnings, profile_of
from cortensor_tui.settings import Settings, load_settings
from tests.devnet.devnet_on_anvil import ALICE, DevnetOnAnvil, in_every_generation
from tests.support.scripted_rpc import PassingRpc

pytestmark = pytest.mark.real

KEY = "0x" + "4c" * 32
GET_HASH = "0x" + load_interface("SessionQueueV2").functions["getHash"].selector.hex()


def settings_for(devnet: DevnetOnAnvil, folder: Path, **changes: str) -> Settings:
    values = {
        "HOST": devnet.rpc.url,
        "CHAINID": "31337",
        "CONTRACT_ADDRESS_RUNTIME": devnet.contracts.runtime,
        "NODE_PRIVATE_KEY": KEY,
        **changes,
    }
    path = folder / "node.env"
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    path.chmod(0o600)
    return load_settings(path, {})


async def problem_of(rpc: Rpc, settings: Settings) -> tuple[str, str]:
    with pytest.raises(ProblemError) as told:
        await find_network(rpc, settings)
    return told.value.problem.code, told.value.problem.sentence()


@in_every_generation
async def test_the_runtime_alone_leads_to_everything(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    network = await find_network(devnet.rpc, settings_for(devnet, tmp_path))
    assert network.profile.is_local
    assert (network.origin.generation, network.origin.is_probed) == (devnet.generation, True)
    assert network.reader.dialect.generation is devnet.generation
    assert {found.name: found.address for found in network.origin.addresses} == {
        "SessionV2": devnet.contracts.session_v2,
        "SessionQueueV2": devnet.contracts.session_queue_v2,
    }
    assert all(found.source for found in network.origin.addresses)
    assert network.origin.warnings == ()


@pytest.mark.parametrize("devnet", [Generation.MID], indirect=True)
async def test_a_generation_that_is_set_is_believed_and_said_where_it_does_not_fit(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    network = await find_network(devnet.rpc, settings_for(devnet, tmp_path, CORTENSOR_TUI_GENERATION="new"))
    assert (network.origin.generation, network.origin.is_probed) == (Generation.NEW, False)
    assert network.origin.probes == ()
    with pytest.raises(ProblemError) as told:
        await network.reader.task(TaskKey(*await devnet.assigned_task(ALICE)))
    assert "CORTENSOR_TUI_GENERATION" in told.value.problem.remedy


async def test_a_contract_of_another_kind_blocks(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    settings = settings_for(devnet, tmp_path, CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS=devnet.contracts.runtime)
    code, sentence = await problem_of(devnet.rpc, settings)
    assert code == "unexpected_contract"
    assert devnet.contracts.runtime in sentence


async def test_a_network_that_hashes_otherwise_is_not_served(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    code, sentence = await problem_of(OtherHash(devnet.rpc), settings_for(devnet, tmp_path))
    assert code == "other_hash"
    assert "0x" + "11" * 32 in sentence


async def test_an_endpoint_of_another_chain_is_refused(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    code, _ = await problem_of(devnet.rpc, settings_for(devnet, tmp_path, CHAINID="12515"))
    assert code == "wrong_chain"


@pytest.mark.parametrize(
    ("alarm_s", "age_s", "is_said"),
    [(60.0, 61.0, True), (60.0, 59.0, False), (60.0, None, False), (None, 1e6, False)],
)
def test_a_head_that_stands_still_is_said_where_blocks_come_by_themselves(
    alarm_s: float | None, age_s: float | None, is_said: bool
) -> None:
    profile = msgspec.structs.replace(load_profiles()["local"], head_alarm_s=alarm_s)
    warnings = head_warnings(profile, age_s)
    assert [("60 s" in warning) for warning in warnings] == ([True] if is_said else [])


def test_no_alarm_is_raised_on_a_chain_that_makes_blocks_for_traffic_only() -> None:
    assert all(profile.head_alarm_s is None for profile in load_profiles().values() if not profile.is_local)


class OtherHash(PassingRpc):
    """A real endpoint, but for `getHash`, which answers as another algorithm would."""

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await super().batch(calls)
        is_hash = [
            method == "eth_call" and params[0]["data"].startswith(GET_HASH) for method, params in calls
        ]
        return ["0x" + "11" * 32 if asked else answer for asked, answer in zip(is_hash, answers, strict=True)]


@pytest.mark.parametrize(
    ("chain", "stated", "ether"), [(421614, "", 0.5), (31337, "", 1000), (421614, "2", 2), (31337, "2", 2)]
)
def test_a_day_s_gas_is_bounded_by_the_network_unless_the_settings_say(
    tmp_path: Path, chain: int, stated: str, ether: float
) -> None:
    path = tmp_path / "node.env"
    path.write_text(
        f"HOST=http://h\nCHAINID={chain}\nNODE_PRIVATE_KEY=0x{'4c' * 32}\n"
        f"CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH={stated}\n"
    )
    assert profile_of(load_settings(path, {}), chain).daily_gas_budget_wei == ether * 10**18
