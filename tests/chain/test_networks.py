"""Network profiles: each can be chosen, a bad entry is a sentence, and the user's numbers win."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.chain.networks.probe import QUESTIONS
from cortensor_tui.chain.networks.profiles import choose_profile, load_profiles, read_profiles
from cortensor_tui.domain.networks import Generation, Standing
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.network import profile_of
from cortensor_tui.settings import load_settings

ARBITRUM_SEPOLIA = 421614
KEY = "0x" + "4c" * 32
LEAST = """
[a]
title = "a"
chain_ids = [1]
is_local = true
look_interval_s = 1
fed_look_interval_s = 1
busy_look_interval_s = 1
requests_per_s = 10
finality = "safe"
bump = true
log_span_blocks = 10
max_data_bytes = 95000
daily_gas_budget_wei = 1
ack_deadline_s = 1
precommit_deadline_s = 1
commit_deadline_s = 1
active_session_state = 1
task_status = {queued = 0, assigned = 1, precommitted = 2, committed = 3, ended = 4}
session_modes = {ephemeral = 0, hybrid = 1, dedicated = 2}
node_types = {ephemeral = 0, hybrid = 1, dedicated = 2}
"""
MODULE = '[[a.modules]]\nname = "Runtime"\naddress = "{}"\nstanding = "stated"\nsource = "a test"\n'
ADDRESS = "0xa438cE917a5740267e0f7217f81cbbAA23E7e106"


@pytest.mark.parametrize("name", [name for name in load_profiles() if name != "local"])
def test_every_network_is_chosen_by_chain_and_runtime(name: str) -> None:
    profile = load_profiles()[name]
    for chain_id in profile.chain_ids:
        assert choose_profile(chain_id, profile.runtime) is profile
        if profile.runtime is not None:
            assert choose_profile(chain_id, profile.runtime.lower()) is profile


def test_the_page_has_every_network_and_every_probe() -> None:
    page = (Path(__file__).parents[2] / "docs/networks.md").read_text(encoding="utf-8")
    for name, profile in load_profiles().items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| {profile.title} |" in row
        assert all(str(chain_id) in row for chain_id in profile.chain_ids)
        assert profile.runtime is None or profile.runtime in row
    for _, name in QUESTIONS:
        assert f"{name}()`" in page


def test_without_a_runtime_the_first_network_of_a_chain_is_meant() -> None:
    assert choose_profile(ARBITRUM_SEPOLIA).title.startswith("Testnet-0")


def test_a_runtime_that_nobody_knows_brings_no_addresses() -> None:
    profile = choose_profile(ARBITRUM_SEPOLIA, "0x" + "11" * 20)
    assert profile.modules == ()
    assert profile.finality == "finalized"
    assert "not known" in profile.title


def test_an_unknown_chain_gets_numbers_and_no_addresses() -> None:
    profile = choose_profile(5)
    assert (profile.title, profile.chain_ids, profile.modules) == ("chain 5", (5,), ())


def test_a_local_chain_takes_any_runtime() -> None:
    assert choose_profile(31337, ADDRESS) is load_profiles()["local"]


def test_addresses_carry_their_standing() -> None:
    queue = load_profiles()["testnet-0"].module("SessionQueueV2")
    assert queue is not None
    assert queue.standing is Standing.UNVERIFIED
    seen = load_profiles()["devnet6"].module("SessionV2")
    assert seen is not None
    assert seen.generation is Generation.MID


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('finality = "safe"', 'finality = "soon"', "finality"),
        ('finality = "safe"', "finality = 0", "finality"),
        ("log_span_blocks = 10", "", "log_span_blocks"),
        ("log_span_blocks = 10", "log_span_blocks = 0", "log_span_blocks"),
        ("ack_deadline_s = 1", "ack_deadline_s = -1", "ack_deadline_s"),
        ("chain_ids = [1]", "chain_ids = []", "chain_ids"),
        ("bump = true", 'bump = "yes"', "bump"),
        ("bump = true", "bump = true\nbumps = 3", "bumps"),
        ("busy_look_interval_s = 1", "busy_look_interval_s = 2", "busy_look_interval_s"),
        ("\nfed_look_interval_s = 1", "\nfed_look_interval_s = 0.5", "fed_look_interval_s"),
        ("ended = 4", "ended = 3", "task_status"),
        ("hybrid = 1", "hybrid = 2", "session_modes"),
        ("[a]", '[a]\nbased_on = "b"', "no such table"),
        ("[a]", '[a]\nbased_on = "a"', "itself"),
        ("[a]", "[a", "the file"),
    ],
)
def test_a_bad_entry_is_a_sentence_that_names_it(before: str, after: str, said: str) -> None:
    assert before in LEAST
    with pytest.raises(ProblemError) as told:
        read_profiles(LEAST.replace(before, after, 1))
    assert told.value.problem.code == "bad_network"
    assert said in told.value.problem.sentence()


@pytest.mark.parametrize("address", [ADDRESS.lower(), ADDRESS[:-1], "0x" + "00" * 20, "Runtime"])
def test_an_address_that_may_be_mistyped_is_refused(address: str) -> None:
    with pytest.raises(ProblemError) as told:
        read_profiles(LEAST + MODULE.format(address))
    assert "Runtime" in told.value.problem.why


def test_a_network_inherits_all_but_title_and_addresses() -> None:
    profiles = read_profiles(
        LEAST + MODULE.format(ADDRESS) + '[b]\nbased_on = "a"\ntitle = "b"\nlog_span_blocks = 7\n'
    )
    assert profiles["b"].log_span_blocks == 7
    assert profiles["b"].finality == "safe"
    assert profiles["b"].modules == ()


def test_two_networks_that_nothing_tells_apart_are_refused() -> None:
    with pytest.raises(ProblemError) as told:
        read_profiles(LEAST + '[b]\nbased_on = "a"\ntitle = "b"\n')
    assert "[a] too" in told.value.problem.why


def test_the_users_numbers_win(tmp_path: Path) -> None:
    path = tmp_path / "node.env"
    path.write_text(
        f"HOST=http://127.0.0.1:1\nCHAINID={ARBITRUM_SEPOLIA}\nNODE_PRIVATE_KEY={KEY}\n"
        "CORTENSOR_TUI_FINALITY=40\nCORTENSOR_TUI_BUMP=1\nCORTENSOR_TUI_LOG_SPAN_BLOCKS=5\n"
        "CORTENSOR_TUI_ACTIVE_SESSION_STATE=0\nCORTENSOR_TUI_ACK_DEADLINE_S=7\n"
        "MINER_PULLING_INTERVAL_SECONDS=0.5\n"
    )
    path.chmod(0o600)
    profile = profile_of(load_settings(path, {}), ARBITRUM_SEPOLIA)
    assert (profile.finality, profile.bump, profile.log_span_blocks) == (40, True, 5)
    assert (profile.active_session_state, profile.ack_deadline_s) == (0, 7.0)
    assert profile.fed_look_interval_s == 0.5
    assert (profile.look_interval_s, profile.busy_look_interval_s) == (0.5, 0.5)
    assert profile.commit_deadline_s == choose_profile(ARBITRUM_SEPOLIA).commit_deadline_s
