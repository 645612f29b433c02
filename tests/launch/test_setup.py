"""Setting up a node: what each probe tells, and what is written."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.signing.keystore import address_of, decrypt, read_keystore
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.setup.desk import SetupDesk
from cortensor_tui.launch.setup.probing import probe
from cortensor_tui.launch.setup.writing import write_setup
from cortensor_tui.settings import Secret, load_settings
from cortensor_tui.settings.setup_draft import Finding, KeyWay, SetUp, SetupDraft, Step
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.inference.gguf_files import small_gguf

PASSWORD = Secret("correct horse")
KEY = Secret(user_accounts()[3].private_key)
RUNTIME = "0x" + "ab" * 20


def draft(**more: object) -> SetupDraft:
    base = SetupDraft(host="http://127.0.0.1:9", chain_id="31337", password=PASSWORD, password_again=PASSWORD)
    return msgspec.structs.replace(base, **more)


def texts(findings: tuple[Finding, ...]) -> str:
    return "\n".join(one.text for one in findings)


@pytest.mark.real
async def test_endpoint_and_contracts_are_asked_live(devnet: DevnetOnAnvil) -> None:
    typed = draft(host=devnet.rpc.url, runtime=devnet.contracts.runtime)
    found = await probe(Step.ENDPOINT, typed)
    assert all(one.is_good for one in found), found
    assert "local devnet" in texts(found)
    assert "chain 31337" in texts(found)
    found = await probe(Step.CONTRACTS, typed)
    assert all(one.is_good for one in found), found
    assert devnet.contracts.session_queue_v2 in texts(found)
    assert "generation new" in texts(found)

    watched = msgspec.structs.replace(typed, is_watching=True, watch_address=OWNER.lower())
    found = await probe(Step.ADDRESS, watched)
    assert OWNER in texts(found)
    assert "bound to none of the 0 sessions" in texts(found)
    session_id = await devnet.create_session(OWNER, nodes=(OWNER,))
    assert f"bound to session {session_id}" in texts(await probe(Step.ADDRESS, watched))

    [*_, wrong] = await probe(Step.ENDPOINT, msgspec.structs.replace(typed, chain_id="421614"))
    assert (wrong.is_good, wrong.field) == (False, "chain_id")
    assert "serves chain 31337, not 421614" in wrong.text
    [missing] = await probe(Step.CONTRACTS, msgspec.structs.replace(typed, runtime=RUNTIME))
    assert "no contract at" in missing.text


@pytest.mark.parametrize(
    ("step", "typed", "words"),
    [
        (Step.ENDPOINT, draft(), "did not answer"),
        (Step.ENDPOINT, draft(host="ws://h"), "WebSocket"),
        (Step.ENDPOINT, draft(host=" "), "no endpoint is known"),
        (Step.CONTRACTS, draft(runtime="0x12"), "Runtime is not an address"),
        (Step.CONTRACTS, draft(queue_address="0x12"), "Queue is not an address"),
        (Step.ADDRESS, draft(watch_address="0x12"), "not 0x and 40 hex digits"),
        (Step.ADDRESS, draft(watch_address=f"0x{'0' * 40}"), "the zero address"),
        (
            Step.ADDRESS,
            draft(watch_address=OWNER.swapcase().replace("X", "x")),
            "checksum is wrong",
        ),
        (Step.ADDRESS, draft(watch_address=RUNTIME), "did not answer"),
        (Step.KEY, draft(key_way=KeyWay.IMPORTED, private_key=Secret("0x12")), "is not a private key"),
        (Step.KEY, draft(password=Secret("short"), password_again=Secret("short")), "too short"),
        (Step.KEY, draft(password_again=Secret("another one")), "differ"),
        (Step.KEY, draft(password_again=Secret("")), "once more"),
        (Step.KEY, draft(password=Secret("")), "needs a password"),
        (Step.KEY, draft(key_way=KeyWay.EXISTING, keystore="/no/such.json"), "is not there"),
        (Step.ENGINE, draft(model_path="/no/such.gguf"), "no model file"),
        (Step.STORE, draft(data_dir="~no-such-user/x"), "home directory"),
        (Step.CONTRACTS, draft(chain_id="many"), "many"),
        (Step.STORE, draft(data_dir="/dev/null/folder"), "cannot be written"),
        (Step.STORE, draft(data_dir="/proc/folder"), "too little"),
        (Step.ENGINE, draft(model_path="/etc/passwd"), "not a usable GGUF"),
    ],
)
async def test_what_is_wrong_is_told_with_what_to_do(step: Step, typed: SetupDraft, words: str) -> None:
    bad = [one for one in await probe(step, typed) if one.is_good is False]
    assert words in bad[0].text
    assert bad[0].remedy
    assert "settings" not in bad[0].remedy, "there are none yet"
    assert "CORTENSOR_TUI_" not in bad[0].remedy
    assert "keeps trying" not in bad[0].remedy


async def test_model_and_store_that_fit_are_told_with_their_sizes(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(small_gguf())
    [found] = await probe(Step.ENGINE, draft(model_path=str(model)))
    assert found.is_good
    assert "fits into" in found.text
    [found] = await probe(Step.STORE, draft(data_dir=str(tmp_path / "new" / "folder")))
    assert found.is_good
    assert not (tmp_path / "new").exists()


async def test_an_imported_key_is_written_encrypted_and_its_settings_are_usable(tmp_path: Path) -> None:
    path = tmp_path / "home" / ".env"
    typed = draft(key_way=KeyWay.IMPORTED, private_key=KEY, data_dir=str(tmp_path / "data"))
    assert all(one.is_good for one in await probe(Step.KEY, typed))
    assert not path.parent.exists()

    made = write_setup(path, typed)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY.reveal()[2:] not in path.read_text()
    assert PASSWORD.reveal() not in path.read_text()
    settings = load_settings(path, {})
    assert settings.node_keystore is not None
    assert decrypt(read_keystore(settings.node_keystore), PASSWORD.reveal()) == KEY
    assert made.password == PASSWORD
    [*_, opened] = await probe(Step.KEY, draft(key_way=KeyWay.EXISTING, keystore=str(settings.node_keystore)))
    assert address_of(KEY) in opened.text
    [*_, closed] = await probe(
        Step.KEY,
        draft(key_way=KeyWay.EXISTING, keystore=str(settings.node_keystore), password=Secret("wrong one")),
    )
    assert closed.is_good is False


def test_an_address_to_watch_is_written_without_any_key(tmp_path: Path) -> None:
    path = tmp_path / "home" / ".env"
    made = write_setup(path, draft(is_watching=True, watch_address=RUNTIME, private_key=KEY))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "KEY" not in path.read_text()
    settings = load_settings(path, {})
    assert (settings.watch_address, settings.node_keystore) == (RUNTIME, None)
    assert settings.log_file_name != "agent_miner.log", "a node that answers may run beside it"
    assert made == SetUp(settings_path=path)
    assert [one.name for one in path.parent.iterdir()] == [".env"]


def test_a_second_try_takes_the_keystore_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "home" / ".env"
    typed = draft(key_way=KeyWay.IMPORTED, private_key=KEY)
    first = write_setup(path, typed)
    path.unlink()  # as if the disk had been full just then
    again = write_setup(path, typed)
    assert again.keystore == first.keystore
    path.unlink()
    with pytest.raises(ProblemError, match="password"):
        write_setup(path, draft(key_way=KeyWay.IMPORTED, private_key=KEY, password=Secret("another one")))
    assert not path.exists()


async def test_a_folder_that_cannot_be_written_is_told_in_three_parts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    desk = SetupDesk(tmp_path / "file" / ".env", {})
    with pytest.raises(ProblemError) as caught:
        await desk.write(draft())
    problem = caught.value.problem
    assert "could not be written" in problem.what or "cannot be" in problem.what
    assert problem.why
    assert problem.remedy


def test_the_summary_names_the_keystore_that_will_be_used(tmp_path: Path) -> None:
    desk = SetupDesk(tmp_path / ".env", {})
    typed = draft(keystore="/typed/before.json")
    assert "before.json" not in "".join(desk.summary(typed))
    typed = draft(keystore="/typed/before.json", key_way=KeyWay.EXISTING)
    assert "CORTENSOR_TUI_NODE_KEYSTORE=/typed/before.json" in desk.summary(typed)


def test_no_file_is_overwritten_and_a_refusal_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    with pytest.raises(ProblemError):
        write_setup(path, draft(host="nonsense"))
    assert not path.exists()
    path.write_text("HOST=http://h\n")
    with pytest.raises(ProblemError, match="is there already"):
        write_setup(path, draft())
    assert path.read_text() == "HOST=http://h\n"
