"""How deep JSON is nested, found out before it is decoded."""

from __future__ import annotations

import re

_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|[][{}]', re.DOTALL)


def is_nested_deeper_than(body: bytes, limit: int) -> bool:
    """Tell whether arrays and objects lie deeper in one another than `limit`.

    Decoders recurse, and both py-evm and eth_account raise Python's recursion limit: a long enough run of
    brackets would overflow the stack and end the process.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(body):
        first = body[found.start()]
        if first in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif first in b"]}":
            depth -= 1
    return False
