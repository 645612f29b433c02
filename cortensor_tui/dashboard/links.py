"""Links that a terminal may follow (OSC 8): made of an explorer and a hash, and checked to be no more."""

from __future__ import annotations

import re

LINK = "link="
"""Begins the name in a role that says where its text leads."""
_SAFE = re.compile(r"https://[A-Za-z0-9.-]{1,100}(:[0-9]{1,5})?/(tx|address)/0x[0-9a-fA-F]{40,64}", re.ASCII)


def linked(role: str, url: str) -> str:
    """Return the role of a text that leads to an explorer's page; just the role for any other address."""
    return f"{role} {LINK}{url}" if _SAFE.fullmatch(url) else role
