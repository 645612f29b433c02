"""The steps that a node's journal takes on a task's way: a kill may follow on each."""

from __future__ import annotations

from typing import Literal

Victim = Literal["node", "engine", "chain"]
VICTIMS: tuple[Victim, ...] = ("node", "engine", "chain")
STEPS = (
    "assigned",
    "ack signed",
    "ack sent",
    "ack mined",
    "acked",
    "inference started",
    "first token",
    "answer stored",
    "precommit signed",
    "precommit sent",
    "precommit mined",
    "precommitted",
    "commit signed",
    "commit sent",
    "commit mined",
    "committed",
    "cursor moved",
    "ended",
)
