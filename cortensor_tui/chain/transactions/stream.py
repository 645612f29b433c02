"""Gives each transaction its nonce, signs it and saves it: nothing is sent that is not in the journal."""

from __future__ import annotations

from collections.abc import Callable

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.signing.external import AcceptedCall
from cortensor_tui.chain.signing.signer import TransactionSigner, WatchedAddress
from cortensor_tui.chain.transactions.book import OpenBook
from cortensor_tui.chain.transactions.fees import Fees, GasPrices
from cortensor_tui.chain.transactions.nonces import NonceStream
from cortensor_tui.chain.transactions.purpose import Estimate, Purpose
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.transactions import Transaction, TransactionState
from cortensor_tui.journal.attempts import SignedAttempt
from cortensor_tui.journal.transaction_rows import SavedCall, SignedTransaction
from cortensor_tui.journal.transactions import TransactionLog


class SignedStream:
    """The nonce stream of one key, from signature to journal."""

    def __init__(
        self,
        signer: TransactionSigner,
        transactions: TransactionLog,
        book: OpenBook,
        prices: Callable[[], GasPrices],
        clock: Clock,
    ) -> None:
        self._signer = signer
        self._log = transactions
        self._book = book
        self._prices = prices
        self._clock = clock
        self._nonces: NonceStream | None = None

    @property
    def nonces(self) -> NonceStream:
        """Return which nonces are free."""
        if self._nonces is None:
            raise RuntimeError("start() first: the next nonce is not known")
        return self._nonces

    @nonces.setter
    def nonces(self, nonces: NonceStream) -> None:
        self._nonces = nonces

    def sign(
        self, call: ContractCall, purpose: Purpose, estimate: Estimate, nonce: int | None = None
    ) -> Transaction:
        """Sign and save; with a `nonce` of an earlier transaction, to take its place.

        Raises `ProblemError`, and uses up no nonce, when the signer or the journal refuses.
        """
        place = self.nonces.first_free if nonce is None else nonce
        saved_call = SavedCall(target=call.to, data=call.data, gas_limit=estimate.gas_limit)
        saved = self._log.save_signed(
            SignedTransaction(
                kind=purpose.kind,
                sender=self._signer.address,
                nonce=place,
                attempt=_signed(self._signer, place, saved_call, estimate.fees),
                saved_call=saved_call,
                call=call.text,
                deadline_at=purpose.deadline_at,
                session_id=purpose.session_id,
                task_key=purpose.task_key,
                commitment=purpose.commitment,
                swap_id=purpose.swap_id,
            ),
            self._clock.now(),
        )
        if nonce is None:
            self.nonces = self.nonces.taken(place)
        return self._keep(saved)

    def adopt(self, call: AcceptedCall, purpose: Purpose) -> Transaction:
        """Save what an external wallet has signed with the key's next nonce on chain.

        The journal has the bytes alone, so nothing is ever signed again for it.
        """
        signed = call.signed
        saved = self._log.save_signed(
            SignedTransaction(
                kind=purpose.kind,
                sender=self._signer.address,
                nonce=signed.nonce,
                attempt=SignedAttempt(
                    hash=signed.hash,
                    raw=signed.raw,
                    max_fee_wei=signed.max_fee_wei,
                    priority_fee_wei=signed.priority_fee_wei,
                ),
                call=call.text,
                session_id=purpose.session_id,
            ),
            self._clock.now(),
        )
        self.nonces = self.nonces.used_elsewhere(signed.nonce)
        return self._keep(saved)

    def sign_again(self, transaction: Transaction, fees: Fees) -> Transaction | None:
        """Sign and save the same call with other fees; None where the journal has only the bytes."""
        call = self._log.saved_call(transaction.transaction_id)
        if call is None:
            return None
        attempt = _signed(self._signer, transaction.nonce, call, fees)
        return self._keep(self._log.save_attempt(transaction, attempt, self._clock.now()))

    def is_shared(self, transaction: Transaction) -> bool:
        """Tell whether another program may rightly sign with the transaction's nonce.

        An external wallet may replace what it has signed; a key that is elsewhere is used there.
        """
        is_elsewhere = isinstance(self._signer, WatchedAddress)
        return is_elsewhere or self._log.saved_call(transaction.transaction_id) is None

    def release(self, transaction: Transaction, why: str) -> None:
        """Give back the nonce of what was certainly not taken."""
        self._book.change(transaction, state=TransactionState.REJECTED, error=why[:500], waiting_for="")
        self.nonces = self.nonces.released(transaction.nonce)

    def _keep(self, saved: Transaction) -> Transaction:
        progress = self._book.progress(saved)
        progress.fees_block, progress.sent_s = self._prices().block_number, None
        self._book.keep(saved)
        return saved


def _signed(signer: TransactionSigner, nonce: int, call: SavedCall, fees: Fees) -> SignedAttempt:
    raw, digest = signer.sign(
        {
            "nonce": nonce,
            "to": call.target,
            "data": call.data,
            "gas": call.gas_limit,
            "maxFeePerGas": fees.max_fee_wei,
            "maxPriorityFeePerGas": fees.priority_fee_wei,
        }
    )
    return SignedAttempt(
        hash=digest, raw=raw, max_fee_wei=fees.max_fee_wei, priority_fee_wei=fees.priority_fee_wei
    )
