"""Frees the parts of old states that no recent block uses, so that the embedded chain can run for days.

States are Merkle tries whose nodes are stored by hash and shared between blocks. A pass marks, a little with
each block, every node that the recent states reach, and then drops the rest. Marking may take many blocks
because nodes never change: what later blocks add is marked from their roots before anything is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

import rlp

STATES_KEPT = 1_024  # blocks whose state can be read, the head's included
NODES_A_STEP = 2_000  # about 12 ms of marking with each block
SMALLEST_PASS = 50_000  # nodes below which a pass is not worth its time
_LEAF_FLAG = 0x20  # in the first byte of a node's path, hex-prefix encoding


class StatePruner:
    """Marks and sweeps one store of trie nodes and code. Runs in the thread that writes to the store."""

    def __init__(
        self, nodes: dict[bytes, bytes], smallest_pass: int = SMALLEST_PASS, step: int = NODES_A_STEP
    ) -> None:
        self._nodes = nodes
        self._smallest_pass = smallest_pass
        self._step = step
        self._next_pass_at = smallest_pass
        self._marked: set[bytes] | None = None
        self._open: list[tuple[bytes, bool]] = []

    def after_block(self, kept_roots: Iterable[bytes]) -> None:
        """Do one step's work; `kept_roots` are the state roots that must stay readable."""
        if self._marked is None:
            if len(self._nodes) < self._next_pass_at:
                return
            self._marked = set()
            self._open = [(root, False) for root in set(kept_roots)]
        self._mark(self._marked, self._step)
        if not self._open:
            # The roots that came since the pass began share nearly all they have with those marked.
            self._open = [(root, False) for root in set(kept_roots)]
            self._mark(self._marked, len(self._nodes))
            self._sweep(self._marked)
            self._marked = None
            self._next_pass_at = max(self._smallest_pass, len(self._nodes) * 3 // 2)

    def _mark(self, marked: set[bytes], at_most: int) -> None:
        """Mark nodes from the open list; its flag tells storage tries from the trie of accounts."""
        while self._open and at_most > 0:
            node_hash, is_storage = self._open.pop()
            encoded = self._nodes.get(node_hash)
            if encoded is None or node_hash in marked:
                continue
            marked.add(node_hash)
            at_most -= 1
            self._follow(marked, rlp.decode(encoded), is_storage)

    def _follow(self, marked: set[bytes], node: list[bytes | list[bytes]], is_storage: bool) -> None:
        if len(node) == 2:
            path, target = node
            if path[0] & _LEAF_FLAG:  # type: ignore[operator]
                if not is_storage:
                    _, _, storage_root, code_hash = rlp.decode(target)
                    self._open.append((storage_root, True))
                    marked.add(code_hash)
                return
            children = [target]
        else:
            children = node[:16]
        for child in children:
            if isinstance(child, list):  # a node of less than 32 bytes stands in its parent
                self._follow(marked, child, is_storage)  # type: ignore[arg-type]
            elif child:
                self._open.append((child, is_storage))

    def _sweep(self, marked: set[bytes]) -> None:
        for node_hash in [one for one in self._nodes if one not in marked]:
            del self._nodes[node_hash]
