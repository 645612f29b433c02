"""Who this node is: its keys, and the journal that belongs to the miner's."""

from __future__ import annotations

from pathlib import Path

import structlog

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.signing.signer import Keys, Signer, WatchedAddress, key_in_wallet
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.journal.database import Database
from cortensor_tui.node.key_source import UnlockWay
from cortensor_tui.node.lease import KeyLease, key_scope, user_keys_folder
from cortensor_tui.node.network import profile_of
from cortensor_tui.node.unlock import UnlockedKeys
from cortensor_tui.settings import NODE_ROLE, OWNER_ROLE, Settings, SettingsError
from cortensor_tui.settings.key_addresses import address_problems
from cortensor_tui.settings.private_file import write_private_file
from cortensor_tui.settings.private_folder import make_private_folder

log = structlog.get_logger(__name__)


class Identity:
    """Both keys, held for this node alone until closed."""

    def __init__(self, settings: Settings, unlocked: UnlockedKeys, clock: Clock = SYSTEM_CLOCK) -> None:
        """Raises `ProblemError` "bad_key", `SettingsError` where an address in the settings is not its key's,
        and "key_in_use" when another node answers tasks with this key. Where only the owner's key is in use
        elsewhere, this node does without it.
        """
        self._settings = settings
        self._unlocked = unlocked
        self._lent_owner: WatchedAddress | None = None
        keys = self.keys(0)
        check_addresses(settings, keys)
        self.miner_address, self.owner_address = keys.miner.address, keys.owner.address
        self.warnings: tuple[str, ...] = ()
        self._leases = [KeyLease.take(settings, self.miner_address, clock)]
        if isinstance(keys.owner, Signer) and self.owner_address != self.miner_address:
            self._hold_owner(clock)

    def keys(self, chain_id: int) -> Keys:
        """Return both roles' signers for a chain."""
        keys = make_keys(self._settings, self._unlocked, chain_id)
        return keys if self._lent_owner is None else Keys(miner=keys.miner, owner=self._lent_owner)

    def unlocked_from(self, address: str) -> str:
        """Return where the key of an address was had from, empty where it is not here."""
        if address == self.miner_address:
            return _words(self._unlocked.node_way)
        is_here = self._unlocked.owner is not None and self._lent_owner is None
        return _words(self._unlocked.owner_way) if is_here else ""

    @property
    def owner_key_problem(self) -> Problem | None:
        """Return why this node signs nothing for the owner, None where it does."""
        owner = self.keys(0).owner
        return owner.reason if isinstance(owner, WatchedAddress) else None

    def close(self) -> None:
        """Give both keys back."""
        for lease in self._leases:
            lease.close()

    def _hold_owner(self, clock: Clock) -> None:
        try:
            self._leases.append(KeyLease.take(self._settings, self.owner_address, clock))
        except ProblemError as error:
            log.warning("the owner's key is in use", why=error.problem.sentence())
            self._lent_owner = WatchedAddress(self.owner_address, error.problem)
            self.warnings = (
                f"The owner's key is used by another node, so this one signs nothing with it: "
                f"{error.problem.why}",
            )


def _words(way: UnlockWay) -> str:
    return way.value if way is UnlockWay.PLAIN else f"keystore, {way.value}"


def make_keys(settings: Settings, unlocked: UnlockedKeys, chain_id: int) -> Keys:
    """Return both roles' signers for a chain. Raises `ProblemError` "bad_key"."""
    miner = Signer(unlocked.node.reveal(), chain_id)
    if unlocked.owner is not None:
        return Keys(miner=miner, owner=Signer(unlocked.owner.reveal(), chain_id))
    stated = settings.owner_address
    if stated is not None and stated.lower() != miner.address.lower():
        return Keys(miner=miner, owner=_watched(checksum(stated)))
    return Keys(miner=miner, owner=miner)


def _watched(address: str) -> WatchedAddress:
    return WatchedAddress(address, key_in_wallet(address))


def check_addresses(settings: Settings, keys: Keys) -> None:
    """Raise `SettingsError` where an address in the settings is not that of the key beside it."""
    addresses = {NODE_ROLE: keys.miner.address, OWNER_ROLE: keys.owner.address}
    problems = address_problems(settings, addresses)
    if problems:
        raise SettingsError(settings.path, problems, settings.notes)


def open_journal(settings: Settings, address: str, *, may_make: bool = False) -> Database:
    """Open the key's journal. A key that had one must not answer without: it could answer twice.

    That it had one is marked in the data folder, and for this user whatever the data folder.

    `may_make` is a person's word that a new one is wanted. Raises `ProblemError` "journal_missing".
    """
    path = journal_path(settings, address).absolute()
    marks = {mark: _journal_at(mark) for mark in _marks(settings, address)}
    known = [place for place in marks.values() if place is not None]
    if known and not path.exists() and not may_make:
        elsewhere = f"; the last one was {inert(known[-1], 500)}" if known[-1] not in ("", str(path)) else ""
        raise problem_error(
            "journal_missing",
            f"The journal of {address} is gone",
            f"this key has answered before, and {path} is not there{elsewhere}",
            "Set CORTENSOR_TUI_DATA_DIR to its folder, or restore it from a backup. Only when every task of "
            "this key has ended: do it again with --new-journal, after which nothing but the chain knows "
            "what it has signed",
        )
    database = Database.open(path)
    for mark, place in marks.items():
        if place != str(path):
            write_private_file(mark, f"{path}\n".encode(), may_replace=True)
    return database


def _marks(settings: Settings, address: str) -> list[Path]:
    """Return the files that say where a key's journal is; one for a local chain, often begun anew."""
    marks = [make_private_folder(settings.data_dir / "keys") / f"{address.lower()}.has-journal"]
    if not profile_of(settings, settings.chain_id).is_local:
        marks.append(user_keys_folder() / f"{key_scope(settings, address)}.has-journal")
    return marks


def _journal_at(mark: Path) -> str | None:
    """Return what a mark says, empty for an older version's; None where there is no mark."""
    try:
        return mark.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None


def journal_path(settings: Settings, address: str) -> Path:
    """Return where a key's journal is."""
    return settings.data_dir / "journal" / f"{address.lower()}.sqlite"
