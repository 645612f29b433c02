"""The devnet's accounts. Their keys are derived from public text: never send them anything of worth."""

from __future__ import annotations

import msgspec
from eth_account import Account
from eth_utils.crypto import keccak

USER_ACCOUNTS = 10
BALANCE_WEI = 10_000 * 10**18


class DevAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that anybody can derive. The address is checksummed, the key 0x hex."""

    address: str
    private_key: str


def dev_account(name: str | int) -> DevAccount:
    """Return the account of this name; users' accounts are named by number from 0."""
    private_key = keccak(text=f"cortensor-tui devnet account {name}")
    return DevAccount(
        address=str(Account.from_key(private_key).address), private_key="0x" + private_key.hex()
    )


def user_accounts() -> tuple[DevAccount, ...]:
    """Return the accounts that are handed to users."""
    return tuple(dev_account(number) for number in range(USER_ACCOUNTS))


def deployer_account() -> DevAccount:
    """Return the account that deploys and owns the contracts."""
    return dev_account("deployer")


def oracle_account() -> DevAccount:
    """Return the account that assigns and ends tasks."""
    return dev_account("oracle")


def funded_balances() -> dict[str, int]:
    """Return what each account starts with, in wei by address."""
    accounts = (*user_accounts(), deployer_account(), oracle_account())
    return dict.fromkeys((account.address for account in accounts), BALANCE_WEI)
