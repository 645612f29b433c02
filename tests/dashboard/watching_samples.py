"""What a node that watches an address says."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.health import Account, Precondition, Verdict
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.sessions import Service
from cortensor_tui.domain.throughput import Span, Throughput
from cortensor_tui.node.messages import Snapshot

from . import samples


def snapshot() -> Snapshot:
    """Return the usual snapshot as a watcher would have it: no run, no key, nothing served."""
    account = Account(address=samples.NODE, balance_wei="9998712345678901234", read_at=samples.NOW - 4)
    status = msgspec.structs.replace(
        samples.status(Verdict.WATCHING),
        reason="0x7099…79C8, bound to session 7",
        is_watching=True,
        node=account,
        owner=account,
        engine=EngineHealth(state=EngineState.STOPPED, engine="none", model=""),
        preconditions=(
            Precondition(name="the chain answers, its contracts are found and read", is_met=True, detail=""),
            Precondition(name="it is bound to an active session", is_met=True, detail="bound to session 7"),
        ),
    )
    sessions = tuple(
        msgspec.structs.replace(
            view,
            service=Service.WATCHED if view.service is Service.SERVED else view.service,
            is_watched=True,
        )
        for view in samples.sessions()
    )
    return samples.snapshot(status=status, sessions=sessions, live=None, rates=(), throughput=throughput())


def throughput() -> Throughput:
    """Return how many tasks were answered, without the speeds, which no chain tells."""
    told = samples.throughput().spans
    return Throughput(tuple(Span(one.began_at, one.length_s, one.answered, one.missed) for one in told))
