"""A key belongs to one node: across data folders, without stale locks, and with the holder named."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.identity import Identity, open_journal
from cortensor_tui.node.lease import KeyLease
from cortensor_tui.node.unlock import UnlockedKeys
from cortensor_tui.settings import Secret, Settings, load_settings

MINER, OTHER, OWNER = (Secret("0x" + pair * 32) for pair in ("4c", "5d", "6e"))
ADDRESS = Signer(MINER.reveal(), 1).address
Write = Callable[..., Settings]

HOLDER = """
import sys, time
from pathlib import Path
from cortensor_tui.node.lease import KeyLease
from cortensor_tui.settings import load_settings
lease = KeyLease.take(load_settings(Path(sys.argv[1]), {}), sys.argv[2])
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def settings(name: str = "one", chain: int = 421614, host: str = "http://h") -> Settings:
        path = tmp_path / f"{name}.env"
        path.write_text(
            f"HOST={host}\nCHAINID={chain}\nNODE_PRIVATE_KEY={MINER.reveal()}\n"
            f"CORTENSOR_TUI_DATA_DIR={tmp_path / name}\n"
        )
        return load_settings(path, {})

    return settings


def refusal(settings: Settings) -> Problem:
    with pytest.raises(ProblemError) as caught:
        KeyLease.take(settings, ADDRESS)
    assert caught.value.problem.code == "key_in_use"
    return caught.value.problem


def test_two_data_folders_do_not_share_a_key_and_the_holder_is_named(write: Write) -> None:
    lease = KeyLease.take(write("one"), ADDRESS)

    problem = refusal(write("two"))

    assert f"process {os.getpid()} on " in problem.why
    assert problem.why.count(str(write("one").data_dir)) == 1
    lease.close()
    KeyLease.take(write("two"), ADDRESS).close()


def test_one_data_folder_is_not_shared_by_users_either(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = KeyLease.take(write("one"), ADDRESS)
    monkeypatch.setenv("XDG_STATE_HOME", str(write("other-user").data_dir))

    refusal(write("one"))

    lease.close()


def test_a_key_may_work_on_two_chains_and_local_chains_are_told_apart_by_their_place(write: Write) -> None:
    leases = [
        KeyLease.take(write("a", chain=421614), ADDRESS),
        KeyLease.take(write("b", chain=12515), ADDRESS),
        KeyLease.take(write("c", chain=31337, host="http://127.0.0.1:1"), ADDRESS),
        KeyLease.take(write("d", chain=31337, host="http://127.0.0.1:2"), ADDRESS),
    ]

    refusal(write("e", chain=31337, host="http://127.0.0.1:2"))

    for lease in leases:
        lease.close()


def test_kill_9_leaves_no_stale_lease(write: Write) -> None:
    settings = write("one")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.path), ADDRESS], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    assert f"process {holder.pid} on " in refusal(write("two")).why

    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    holder.stdout.close()

    KeyLease.take(write("two"), ADDRESS).close()


def test_a_lease_with_nonsense_in_it_is_taken_all_the_same(write: Write) -> None:
    settings = write("one")
    KeyLease.take(settings, ADDRESS).close()
    path = settings.data_dir / "keys" / f"{ADDRESS.lower()}.lock"
    assert path.read_bytes() == b"", "given back in order"
    path.write_bytes(b"\xff" * 9000)

    KeyLease.take(settings, ADDRESS).close()


def test_a_node_whose_owner_key_is_used_elsewhere_mines_without_it(write: Write) -> None:
    first = Identity(write("one"), UnlockedKeys(node=MINER, owner=OWNER))
    second = Identity(write("two"), UnlockedKeys(node=OTHER, owner=OWNER))

    keys = second.keys(421614)

    assert first.warnings == ()
    assert first.keys(421614).owner.sign(
        {"nonce": 0, "to": ADDRESS, "gas": 1, "maxFeePerGas": 1, "maxPriorityFeePerGas": 0}
    )
    assert "used by another node" in second.warnings[0]
    with pytest.raises(ProblemError) as caught:
        keys.owner.sign({})
    assert caught.value.problem.code == "key_in_use"
    first.close()
    second.close()


def test_a_lease_that_cannot_be_opened_is_told_in_words(write: Write) -> None:
    folder = write("one").data_dir / "keys"
    folder.mkdir(mode=0o700, parents=True)
    (folder / f"{ADDRESS.lower()}.lock").symlink_to("elsewhere")

    with pytest.raises(ProblemError) as caught:
        KeyLease.take(write("one"), ADDRESS)

    assert caught.value.problem.code == "lease_unusable"
    KeyLease.take(write("two"), ADDRESS).close()


def test_a_key_that_had_a_journal_does_not_start_in_another_data_folder(write: Write) -> None:
    open_journal(write("one"), ADDRESS).close()

    with pytest.raises(ProblemError) as caught:
        open_journal(write("two"), ADDRESS)

    assert caught.value.problem.code == "journal_missing"
    assert str(write("one").data_dir) in caught.value.problem.why
    open_journal(write("one"), ADDRESS).close()
    open_journal(write("other-chain", chain=12515), ADDRESS).close()
    open_journal(write("two"), ADDRESS, may_make=True).close()
    shutil.rmtree(write("two").data_dir / "journal")
    with pytest.raises(ProblemError):
        open_journal(write("two"), ADDRESS)


def test_a_moved_data_folder_is_the_same_journal(write: Write) -> None:
    open_journal(write("one"), ADDRESS).close()
    write("one").data_dir.rename(write("two").data_dir)

    open_journal(write("two"), ADDRESS).close()
    with pytest.raises(ProblemError) as caught:
        open_journal(write("one"), ADDRESS)

    assert str(write("two").data_dir) in caught.value.problem.why


def test_a_local_chain_may_be_begun_anew_with_the_same_key(write: Write) -> None:
    open_journal(write("one", chain=31337), ADDRESS).close()
    open_journal(write("two", chain=31337), ADDRESS).close()


def test_who_held_a_key_before_is_told_once(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    for descriptor in KeyLease.take(write("one"), ADDRESS)._descriptors:
        os.close(descriptor)  # as the kernel does for a process that was killed

    KeyLease.take(write("one"), ADDRESS).close()

    assert capsys.readouterr().out.count("did not end in order") == 1


def test_a_second_node_with_the_miner_s_key_does_not_start(write: Write) -> None:
    first = Identity(write("one"), UnlockedKeys(node=MINER, owner=None))

    with pytest.raises(ProblemError) as caught:
        Identity(write("two"), UnlockedKeys(node=MINER, owner=None))

    assert caught.value.problem.code == "key_in_use"
    first.close()
