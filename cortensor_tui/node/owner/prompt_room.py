"""Whether a prompt fits a transaction, found out before anything is signed."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.contracts.calls import NewTask, submit_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import quantity
from cortensor_tui.chain.signing.guard import OWNER_CALLS
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.prompts import prompt_too_long
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner_messages import Submit

# What a transaction carries besides a prompt: its fees and signature, and the call's other arguments.
BYTES_BESIDE_PROMPT = 5_000
# Shorter ones fit every chain; two pieces, the longer one as long, tell what a byte costs.
SURELY_FITTING_BYTES = 8 * 1024
_SHORT_PIECE_BYTES = 1024
# What an endpoint says where a trial run took more gas than a block has; a contract's no reads the same.
_MAYBE_OUT_OF_GAS = frozenset({"reverted", "send_refused"})


class PromptRoom:
    """Measures prompts against the network and the key. `max_data_bytes` is of one transaction."""

    def __init__(self, sending: OwnerSending, max_data_bytes: int) -> None:
        self._sending = sending
        self._most_data_bytes = max_data_bytes - BYTES_BESIDE_PROMPT

    async def require(self, asked: Submit) -> None:
        """Raise `ProblemError` "bad_prompt" for one that is empty, or longer than what fits.

        What is refused for another reason is let through: sending it says why.
        """
        size = len(_encoded(asked))
        if not size:
            raise problem_error("bad_prompt", "The prompt cannot be sent", "it is empty", "Write something")
        if size <= SURELY_FITTING_BYTES:
            return
        most_gas = await self._most_gas()
        gas = await self._gas_limit(asked) if size <= self._most_data_bytes else None
        if gas is not None and gas <= most_gas:
            return
        fitting_bytes = min(await self._bytes_for(asked, most_gas), self._most_data_bytes)
        if gas is not None:
            fitting_bytes = min(fitting_bytes, size - 1)
        if fitting_bytes < size:
            raise ProblemError(prompt_too_long(size, fitting_bytes))

    async def _most_gas(self) -> int:
        """Return the most gas that a submit may have: what a block takes, or what the key may sign."""
        block = await self._sending.rpc.call("eth_getBlockByNumber", "latest", False)
        ceiling = OWNER_CALLS["submit"]
        if not isinstance(block, dict) or "gasLimit" not in block:
            return ceiling
        return min(quantity(block["gasLimit"]), ceiling)

    async def _bytes_for(self, asked: Submit, most_gas: int) -> int:
        """Return how many bytes of a prompt so much gas pays, by trial runs of two pieces of it.

        All of it where the contract refuses even those.
        """
        short = await self._gas_limit(_piece(asked, _SHORT_PIECE_BYTES))
        long = await self._gas_limit(_piece(asked, SURELY_FITTING_BYTES))
        if short is None or long is None:
            return len(_encoded(asked))
        gas_a_byte = max(1, (long - short) / (SURELY_FITTING_BYTES - _SHORT_PIECE_BYTES))
        return SURELY_FITTING_BYTES + int((most_gas - long) / gas_a_byte)

    async def _gas_limit(self, asked: Submit) -> int | None:
        """Return the gas that it would be sent with, None where a trial run was refused."""
        try:
            return (await self._sending.sender.estimate(self.call(asked))).gas_limit
        except ProblemError as error:
            if error.problem.code in _MAYBE_OUT_OF_GAS:
                return None
            raise

    def call(self, asked: Submit) -> ContractCall:
        """Return the call that submits it."""
        return submit_call(self._sending.reader, NewTask(**msgspec.structs.asdict(asked)))


def _encoded(asked: Submit) -> bytes:
    return asked.prompt.encode("utf-8", "surrogatepass")


def _piece(asked: Submit, size: int) -> Submit:
    return msgspec.structs.replace(asked, prompt=_encoded(asked)[:size].decode("utf-8", "ignore"))
