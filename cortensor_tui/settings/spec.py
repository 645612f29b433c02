"""What one setting is: its key, how it is read, its default, and the words about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from cortensor_tui.settings.kinds import AnyKind

OUR_PREFIX: Final = "CORTENSOR_TUI_"
REQUIRED: Final = msgspec.UNSET
FROM_PROFILE: Final = "the network's profile"
SECRET_ENDINGS: Final = ("_PRIVATE_KEY", "_TOKEN")


class Group(StrEnum):
    """Chapters of the table; the value is the heading."""

    CHAIN = "Chain"
    KEYS = "Keys"
    SESSIONS = "Which sessions are served"
    TRANSACTIONS = "Transactions and deadlines"
    ENGINE = "Engine and model"
    CONTAINER = "A container as the engine"
    PROMPTS = "Prompts and answers"
    STORAGE = "Payloads and IPFS"
    PROGRAM = "The program itself"


class TakesEffect(StrEnum):
    """When a change of a setting takes effect; the value is for people."""

    AT_ONCE = "at once"
    AT_START = "at the next start of the node"
    AT_OPENING = "when a dashboard is opened next"
    BY_KEYS = "with the keys commands"
    BY_HAND = "by hand in the file, and at the next start of the node"


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `default` is typed, or `REQUIRED`; `example` is what .env.example has instead of it.

    `field` names the field of `Settings`, or an ingredient of one. `takes_empty` says that an empty value is
    a value; for all others it is the same as leaving the setting out. `takes_effect` says what a node that
    runs makes of a change; key material is never changed as a setting. `in_demo` says that the demo takes it
    from the environment: how things look and answer, never which chain, key or folder is worked with.
    """

    key: str
    field: str
    kind: AnyKind
    default: Any
    group: Group
    help: str
    default_words: str = ""
    example: str = ""
    takes_empty: bool = False
    takes_effect: TakesEffect = TakesEffect.AT_START
    in_demo: bool = False

    @property
    def is_secret(self) -> bool:
        """Tell whether the value must be masked wherever it could be shown."""
        return self.key.endswith(SECRET_ENDINGS)

    @property
    def is_ours(self) -> bool:
        """Tell whether the process environment overrides the file for it."""
        return self.key.startswith(OUR_PREFIX)

    def default_text(self) -> str:
        """Return the default in words fit for a table."""
        if self.default is REQUIRED:
            return "must be set"
        return self.default_words or self.kind.shown(self.default) or "empty"


def setting(group: Group, key: str, field: str, kind: AnyKind, default: Any, text: str, **more: Any) -> Spec:
    """Return one row of the table, in the order in which its columns read best."""
    return Spec(key=key, field=field, kind=kind, default=default, group=group, help=text, **more)
