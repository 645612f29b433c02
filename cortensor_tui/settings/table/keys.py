"""The node's key and the owner's."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import Group, Spec, TakesEffect, setting

_setting = partial(setting, Group.KEYS)

KEYS: Final[tuple[Spec, ...]] = (
    _setting(
        "NODE_PUBLIC_KEY",
        "node_address",
        kinds.ADDRESS,
        None,
        "The node's address. If set, it must belong to the node's key.",
        example=ZERO_ADDRESS,
    ),
    _setting(
        "NODE_PRIVATE_KEY",
        "node_private_key",
        kinds.optional(kinds.PRIVATE_KEY),
        None,
        "The node's private key as it stands; it answers tasks and pays for that. A keystore keeps it "
        "encrypted: docs/keys.md.",
        default_words="must be set unless CORTENSOR_TUI_NODE_KEYSTORE is",
        example="0x" + "0" * 64,
        takes_effect=TakesEffect.BY_KEYS,
    ),
    _setting(
        "CORTENSOR_TUI_NODE_KEYSTORE",
        "node_keystore",
        kinds.optional(kinds.PATH),
        None,
        "Web3 keystore file (version 3) with the node's key, instead of NODE_PRIVATE_KEY. "
        "`cortensor-tui keys import` makes one.",
        default_words="none",
        takes_effect=TakesEffect.BY_KEYS,
    ),
    _setting(
        "CORTENSOR_TUI_NODE_PASSWORD_FILE",
        "node_password_file",
        kinds.optional(kinds.PATH),
        None,
        "File with the password of the node's keystore; mode 0600. The systemd credential "
        "cortensor-node-password goes before it.",
        default_words="none: the password is asked for",
        takes_effect=TakesEffect.BY_KEYS,
    ),
    _setting(
        "CORTENSOR_TUI_OWNER_PRIVATE_KEY",
        "owner_private_key",
        kinds.optional(kinds.PRIVATE_KEY),
        None,
        "The key that creates sessions, binds nodes and submits prompts.",
        default_words="the node's own key",
        takes_effect=TakesEffect.BY_KEYS,
    ),
    _setting(
        "CORTENSOR_TUI_OWNER_KEYSTORE",
        "owner_keystore",
        kinds.optional(kinds.PATH),
        None,
        "Web3 keystore file with the owner's key, instead of CORTENSOR_TUI_OWNER_PRIVATE_KEY.",
        default_words="none",
        takes_effect=TakesEffect.BY_KEYS,
    ),
    _setting(
        "CORTENSOR_TUI_OWNER_PASSWORD_FILE",
        "owner_password_file",
        kinds.optional(kinds.PATH),
        None,
        "File with the password of the owner's keystore; mode 0600. The systemd credential "
        "cortensor-owner-password goes before it.",
        default_words="none: the password is asked for",
        takes_effect=TakesEffect.BY_KEYS,
    ),
    _setting(
        "CORTENSOR_TUI_OWNER_ADDRESS",
        "owner_address",
        kinds.ADDRESS,
        None,
        "The owner's address. Without an owner's key the node knows the owner by it, and `assign --unsigned` "
        "writes what an external wallet is to sign.",
        default_words="that of the owner's key",
    ),
    _setting(
        "CORTENSOR_TUI_WATCH_ADDRESS",
        "watch_address",
        kinds.ADDRESS,
        None,
        "Watches the node of this address, without any key: what the chain shows of it is shown, nothing is "
        "signed and no model runs. Not together with a key.",
        default_words="none: the node answers tasks",
    ),
)
