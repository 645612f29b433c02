"""Which sessions the node serves."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.model import OwnSessions, PrivateSessions
from cortensor_tui.settings.spec import Group, Spec, TakesEffect, setting

_setting = partial(setting, Group.SESSIONS)

SESSIONS: Final[tuple[Spec, ...]] = (
    _setting(
        "ENABLE_DEDICATED_NODE",
        "dedicated_enabled",
        kinds.FLAG,
        True,
        "1 for a dedicated node. This program runs nothing else, so 0 keeps the node from serving. "
        "The network's default is 0; here it is 1.",
        example="1",
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "DEDICATED_NODE_AUTHORIZED_SESSIONS",
        "authorized_sessions",
        kinds.AUTHORIZED,
        OwnSessions(),
        "Which sessions the node serves among those it is bound to. Anyone can bind anyone's node, and every "
        "answer costs it gas, so a binding outside this is shown and refused.",
        default_words="empty: sessions of your own keys and of CORTENSOR_TUI_OWNERS",
        takes_empty=True,
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "CORTENSOR_TUI_OWNERS",
        "owners",
        kinds.ADDRESSES,
        (),
        "Addresses whose sessions count as your own.",
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "CORTENSOR_TUI_PRIVATE_SESSIONS",
        "private_sessions",
        kinds.PRIVATE,
        PrivateSessions(),
        "Sessions whose prompts and answers the node keeps to itself: dashboard and command line get them "
        "only after they have asked for that session (p, --reveal), and each time is a line in the node's "
        "log. The chain shows them to everyone all the same.",
        default_words="empty: none",
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
)
