"""`commitments`: from one machine to another, and nothing that a stranger's file could loosen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.commitments import Commitment, record_commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.node.identity import journal_path
from cortensor_tui.node.lease import KeyLease
from cortensor_tui.settings import Settings, load_settings
from tests.cli.conftest import PRIVATE_KEY, Home

NODE = Signer(PRIVATE_KEY, 1).address
SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)


@pytest.fixture
def settings(home: Home) -> Settings:
    with home.settings.open("a") as file:
        file.write("CORTENSOR_TUI_DATA_DIR=data\n")
    return load_settings(home.settings, {})


def sign(settings: Settings, payload_hash: str) -> None:
    database = Database.open(journal_path(settings, NODE))
    commitment = Commitment(
        scope=SCOPE, key=TaskKey(3, 7), node=NODE, stage="precommit", payload_hash=payload_hash
    )
    with database.step("signed") as connection:
        record_commitment(connection, commitment, 5.0)
    database.close()


def forget(settings: Settings) -> None:
    for path in journal_path(settings, NODE).parent.iterdir():
        path.unlink()


HASH, OTHER = "0x" + "ab" * 32, "0x" + "cd" * 32


async def test_what_was_exported_is_imported_elsewhere(home: Home, settings: Settings) -> None:
    sign(settings, HASH)
    file = home.folder / "commitments.json"
    exported = await home.run("commitments", "export", "--output", str(file), "--json")
    printed = await home.run("commitments", "export")
    forget(settings)

    imported = await home.run("commitments", "import", str(file), "--json")
    again = await home.run("commitments", "import", str(file))

    assert exported.document == {"output": str(file)}
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(printed.out) == json.loads(file.read_text())
    assert imported.document == {"added": 1, "known": 0}
    assert again.out == "0 commitments were added, 1 were known already.\n"


async def test_a_conflict_changes_nothing_and_names_both(home: Home, settings: Settings) -> None:
    sign(settings, HASH)
    file = home.folder / "commitments.json"
    await home.run("commitments", "export", "--output", str(file))
    file.write_text(file.read_text().replace(HASH, OTHER))

    ended = await home.run("commitments", "import", str(file), "--json")

    assert ended.code == 1
    assert ended.document["error"]["code"] == "commitments_conflict"
    assert HASH in ended.document["error"]["why"]
    assert OTHER in ended.document["error"]["why"]


async def test_an_import_works_while_a_node_holds_the_key(home: Home, settings: Settings) -> None:
    sign(settings, HASH)
    file = home.folder / "commitments.json"
    await home.run("commitments", "export", "--output", str(file))
    file.write_text(file.read_text().replace('"task": 7', '"task": 8'))
    lease = KeyLease.take(settings, NODE)
    database = Database.open(journal_path(settings, NODE))

    ended = await home.run("commitments", "import", str(file), "--json")

    assert ended.document == {"added": 1, "known": 0}
    rows = database.connection.execute("SELECT task_id FROM commitments ORDER BY task_id").fetchall()
    assert [row["task_id"] for row in rows] == [7, 8]
    database.close()
    lease.close()


async def test_a_key_that_has_answered_gets_no_new_journal_by_the_way(home: Home, settings: Settings) -> None:
    sign(settings, HASH)
    file = home.folder / "commitments.json"
    await home.run("commitments", "export", "--output", str(file))
    await home.run("commitments", "import", str(file))  # it opens the journal as a node does
    forget(settings)

    refused = await home.run("commitments", "import", str(file), "--json")
    allowed = await home.run("commitments", "import", str(file), "--new-journal", "--json")

    assert refused.document["error"]["code"] == "journal_missing"
    assert "--new-journal" in refused.document["error"]["remedy"]
    assert allowed.document == {"added": 1, "known": 0}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export",), "There is no journal to export from"),
        (("import", "/no/such"), "/no/such cannot be read"),
        (("import", "/dev/null"), "cannot be imported"),
        (("import", "/dev/zero"), "bigger than"),
    ],
)
async def test_what_cannot_be_done_is_a_sentence(
    home: Home, settings: Settings, arguments: tuple[str, ...], says: str
) -> None:
    ended = await home.run("commitments", *arguments)

    assert ended.code == 1
    assert says in ended.err
    assert not Path(journal_path(settings, NODE)).exists()
