"""Who this node is: its keys, and the journal that belongs to the miner's."""

from __future__ import annotations

from cortensor_tui.chain.signer import Signer
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.database import Database
from cortensor_tui.node.link import Keys
from cortensor_tui.settings import Settings


def make_keys(settings: Settings, chain_id: int) -> Keys:
    """Return both roles' signers for a chain. Raises `ProblemError` "bad_key"."""
    miner = Signer(settings.node_private_key.reveal(), chain_id)
    owner_key = settings.owner_private_key
    owner = miner if owner_key is None else Signer(owner_key.reveal(), chain_id)
    return Keys(miner=miner, owner=owner)


def check_public_key(settings: Settings, derived: str) -> None:
    """Raise `ProblemError` "key_mismatch" when the settings name another address than the key's."""
    stated = settings.node_address
    if stated is not None and stated.lower() != derived.lower():
        raise problem_error(
            "key_mismatch",
            "NODE_PUBLIC_KEY and NODE_PRIVATE_KEY do not belong together",
            f"the private key is that of {derived}, the settings say {stated}",
            "Correct one of them; NODE_PUBLIC_KEY may be left out",
        )


def open_journal(settings: Settings, address: str) -> Database:
    """Open the key's journal. A key that had one must not answer without: it could answer twice."""
    path = settings.data_dir / "journal" / f"{address.lower()}.sqlite"
    mark = settings.data_dir / "keys" / f"{address.lower()}.has-journal"
    if mark.exists() and not path.exists():
        raise problem_error(
            "journal_missing",
            f"The journal of {address} is gone",
            f"this key has answered before, and {path} is not there",
            f"Restore it; or, if every task of this key has ended, remove {mark} and start again",
        )
    database = Database.open(path)
    mark.touch(mode=0o600)
    return database
