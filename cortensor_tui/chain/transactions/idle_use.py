"""Finds out that a key was used elsewhere while nothing of it was open: by the nonces used up on chain."""

from __future__ import annotations

import structlog

from cortensor_tui.chain.transactions import foreign
from cortensor_tui.chain.transactions.estimating import transaction_counts
from cortensor_tui.chain.transactions.parts import KeyParts
from cortensor_tui.chain.transactions.sightings import Question, ask
from cortensor_tui.domain.transactions import TransactionState

log = structlog.get_logger(__name__)

# As for what is open: one answer may be of an endpoint that lies, or of a block that goes again.
LOOKS_UNTIL_FOREIGN = 3
FOREIGN_PATIENCE_S = 3.0
MOST_NONCES = 20
# A refused transaction may have been taken all the same, by an endpoint that answered wrongly.
_PERHAPS_OURS = (TransactionState.REJECTED, TransactionState.REPLACED)


class IdleUse:
    """Compares how many transactions the chain counts with how many the key's stream has used.

    A key of this node alone (`is_exclusive`) stops sending when there are more. One that its owner may use
    in a wallet as well goes on with the next nonce.
    """

    def __init__(self, parts: KeyParts, *, is_exclusive: bool) -> None:
        self._parts = parts
        self._is_exclusive = is_exclusive
        self._looks = 0
        self._since_s = 0.0

    @property
    def is_suspected(self) -> bool:
        """Tell whether the count is to be read again with the next look."""
        return self._looks > 0

    async def see(self, mined_count: int) -> None:
        """Take a count as just read. Raises `ProblemError` when the endpoint does not answer."""
        if self._parts.gate.is_shut or mined_count <= self._parts.stream.nonces.following:
            self._looks = 0
            return
        now_s = self._parts.clock.monotonic()
        if not self._looks:
            self._since_s = now_s
        self._looks += 1
        if self._looks < LOOKS_UNTIL_FOREIGN or now_s - self._since_s < FOREIGN_PATIENCE_S:
            return
        nonce = await self._first_foreign(mined_count)
        if nonce is not None and self._is_exclusive:
            self._parts.gate.shut(foreign.foreign_key_use(self._parts.address, nonce))
        else:
            self._adopt(mined_count)
        self._looks = 0

    async def catch_up(self) -> None:
        """Go on where a wallet left off, before something is sent with a key that one may use besides.

        Only while nothing of ours is open: then whatever is counted beyond our own is the wallet's. Raises
        `ProblemError` when the endpoint does not answer.
        """
        if self._is_exclusive or len(self._parts.book):
            return
        _, pending = await transaction_counts(self._parts.rpc, self._parts.address)
        self._adopt(pending)

    def _adopt(self, count: int) -> None:
        stream = self._parts.stream
        if count > stream.nonces.following:
            log.info("the key was used elsewhere", address=self._parts.address, chain=count)
            stream.nonces = stream.nonces.used_elsewhere(count - 1)

    async def _first_foreign(self, mined_count: int) -> int | None:
        """Return the first nonce used up that no transaction of ours has used, None where all are ours."""
        following = self._parts.stream.nonces.following
        for nonce in range(following, min(mined_count, following + MOST_NONCES)):
            if not await self._is_ours(nonce):
                return nonce
        return None

    async def _is_ours(self, nonce: int) -> bool:
        signed = self._parts.log.at_nonce(self._parts.address, nonce)
        if any(one.state not in _PERHAPS_OURS for one in signed):
            return True
        if not signed:
            return False
        answers = await ask(self._parts.rpc, self._parts.address, [Question(one, False) for one in signed])
        found = zip(signed, answers.sightings, strict=True)
        mined = [(one, sighting.receipt) for one, sighting in found if sighting.receipt is not None]
        await self._parts.settlement.finish(mined)
        # Without an answer it is not known, and no reason to stop.
        return bool(mined) or not all(sighting.is_certain for sighting in answers.sightings)
