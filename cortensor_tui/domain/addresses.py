"""Addresses that mean something by themselves."""

from __future__ import annotations

from typing import Final

ZERO_ADDRESS: Final = "0x" + "0" * 40  # nobody, or not known
