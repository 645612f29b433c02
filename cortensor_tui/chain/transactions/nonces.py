"""Which nonce comes next. Pure: every change gives a new stream."""

from __future__ import annotations

import msgspec


class NonceStream(msgspec.Struct, frozen=True, kw_only=True):
    """The nonces of one key: all below `following` are used, but for the `free` ones.

    A nonce is taken when its transaction is saved, and comes back only when that was certainly not taken.
    """

    following: int
    free: frozenset[int] = frozenset()

    @property
    def first_free(self) -> int:
        """Return the nonce that the next transaction takes: a gap is filled before the stream grows."""
        return min(self.free, default=self.following)

    def taken(self, nonce: int) -> NonceStream:
        """Return the stream after a transaction was saved with its first free nonce."""
        if nonce != self.first_free:
            raise ValueError(f"nonce {nonce} is not the first free one, {self.first_free}")
        if nonce in self.free:
            return NonceStream(following=self.following, free=self.free - {nonce})
        return NonceStream(following=nonce + 1)

    def released(self, nonce: int) -> NonceStream:
        """Return the stream after the transaction with a nonce was certainly not taken."""
        following, free = self.following, self.free | {nonce}
        while following - 1 in free:
            following -= 1
            free -= {following}
        return NonceStream(following=following, free=free)

    def used_elsewhere(self, nonce: int) -> NonceStream:
        """Return the stream when a nonce turned out to be used up on chain."""
        return NonceStream(
            following=max(self.following, nonce + 1), free=frozenset(one for one in self.free if one > nonce)
        )
