"""How the IPFS nodes stand: what waits for them, what is wrong, who they are."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.format import mebibytes
from cortensor_tui.domain.health import IpfsHealth
from cortensor_tui.domain.inert import inert


def ipfs_word(ipfs: IpfsHealth) -> str:
    """Return how they stand in a word or two."""
    if ipfs.out is None:
        return "not asked"
    if ipfs.count == 0 or ipfs.out == ipfs.count:
        return "no answer"
    if ipfs.out:
        return f"{ipfs.out} of {ipfs.count} out"
    return "trouble" if ipfs.error else "answers"


def ipfs_facts(ipfs: IpfsHealth) -> tuple[Line, ...]:
    """Return what there is to tell, what matters most first."""
    facts = []
    if ipfs.waiting:
        facts.append(line((f"{ipfs.waiting} waiting", "warn")))
    if ipfs.error:
        facts.append(line((inert(ipfs.error, 200), "bad")))
    if ipfs.version:
        facts += [line((text, "muted")) for text in _of_node(ipfs)]
    if ipfs.endpoint:
        facts.append(line((inert(ipfs.endpoint, 80), "muted")))
    return tuple(facts)


def _of_node(ipfs: IpfsHealth) -> Iterator[str]:
    yield "peers unknown" if ipfs.peers is None else f"{ipfs.peers} peer{'' if ipfs.peers == 1 else 's'}"
    if ipfs.repo_bytes is not None:
        limit = "" if ipfs.repo_limit_bytes is None else f" of {mebibytes(ipfs.repo_limit_bytes)}"
        yield f"repo {mebibytes(ipfs.repo_bytes)}{limit}"
    else:
        yield "repo unknown"
    yield f"version {inert(ipfs.version, 40)}"
