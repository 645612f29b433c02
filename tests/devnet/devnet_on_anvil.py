"""Our contracts on an anvil that a test steers."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import (
    decode_log,
    decode_output,
    encode_call,
    load_interface,
    revert_sentence,
)
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.devnet.accounts import deployer_account, oracle_account, user_accounts
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.deploy import DevnetContracts
from cortensor_tui.domain.networks import Generation

LLM_PARAMS = (128, 70, 95, 40, 110, 3, 4)
OWNER, STRANGER, ROUTER, ALICE, BOB, CAROL = (account.address for account in user_accounts()[:6])
ORACLE = oracle_account().address
DEPLOYER = deployer_account().address
ZERO = "0x" + "00" * 20

in_every_generation = pytest.mark.parametrize("devnet", list(Generation), indirect=True)
before_new = pytest.mark.parametrize("devnet", [Generation.OLD, Generation.MID], indirect=True)


def events(logs: list[dict[str, Any]], contract: str = "SessionV2") -> list[tuple[str, dict[str, Any]]]:
    """The logs of one contract, decoded through the public signatures."""
    known = load_interface(contract).events
    found = [(known[log["topics"][0]], log) for log in logs if log["topics"][0] in known]
    return [(event.name, decode_log(event, log["topics"], log["data"])) for event, log in found]


def node_id(address: str) -> bytes:
    """The id that the contracts give a node."""
    return keccak(bytes.fromhex(address[2:]))


class DevnetOnAnvil:
    """Our contracts on a chain that a test steers: it sends as anyone and moves time."""

    def __init__(self, rpc: Rpc, contracts: DevnetContracts, generation: Generation = Generation.NEW) -> None:
        self.rpc = rpc
        self.contracts = contracts
        self.generation = generation

    def address_of(self, contract: str) -> str:
        """Return a contract's address by its name."""
        names = {"Runtime": "runtime", "SessionV2": "session_v2", "SessionQueueV2": "session_queue_v2"}
        return str(getattr(self.contracts, names[contract]))

    async def send(
        self, sender: str, contract: str, name: str, *arguments: Any, gas_limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Send a transaction that must succeed; return its logs."""
        fields = self._fields(sender, contract, name, arguments)
        if gas_limit is not None:
            fields["gas"] = hex(gas_limit)
        receipt = await self.rpc.call("eth_sendTransactionSync", fields)
        assert receipt["status"] == "0x1"
        return list(receipt["logs"])

    async def read(self, contract: str, name: str, *arguments: Any, sender: str = STRANGER) -> Any:
        """Return what a view answers: one value bare, several as a tuple."""
        answer = await self.rpc.call("eth_call", self._fields(sender, contract, name, arguments), "latest")
        values = decode_output(load_artifact(contract, self.generation).function(name), answer)
        return values[0] if len(values) == 1 else values

    async def refusal(self, sender: str, contract: str, name: str, *arguments: Any) -> str:
        """Return the sentence that a call is refused with."""
        with pytest.raises(RpcError) as caught:
            await self.rpc.call("eth_call", self._fields(sender, contract, name, arguments), "latest")
        return revert_sentence(caught.value.data, caught.value.message)

    async def estimate(self, sender: str, contract: str, name: str, *arguments: Any) -> int:
        """Return the gas a call would take on the head's state and time."""
        return int(
            await self.rpc.call("eth_estimateGas", self._fields(sender, contract, name, arguments), "latest"),
            16,
        )

    async def advance(self, seconds: int) -> None:
        """Let chain time pass and mine a block."""
        await self.rpc.call("evm_increaseTime", seconds)
        await self.rpc.call("evm_mine")

    async def now(self) -> int:
        """Return the head's time."""
        return int((await self.rpc.call("eth_getBlockByNumber", "latest", False))["timestamp"], 16)

    # --- what most stories start with ---------------------------------------------------------------

    async def create_session(
        self, owner: str = OWNER, *, nodes: tuple[str, ...] = (), redundant: int = 1, mode: int = 2
    ) -> int:
        """Create a session with these nodes bound; return its id."""
        terms = () if self.generation is Generation.OLD else (0, 12, 300, 5)
        arguments = ("a session", "{}", ZERO, 1, 5, redundant, 0, mode, False, *terms)
        await self.send(owner, "SessionV2", "create", *arguments)
        session_id = int(await self.read("SessionV2", "getLatestSessionId", owner))
        for node in nodes:
            await self.send(owner, "SessionV2", "addDedicatedNode", session_id, node)
        return session_id

    async def submit(self, session_id: int, prompt: str = "What is a chain?", sender: str = OWNER) -> int:
        """Submit a prompt; return the task's id."""
        await self.send(sender, "SessionV2", "submit", *self.submission(session_id, prompt))
        return int(await self.read("SessionQueueV2", "getTaskCountBySessionId", session_id)) - 1

    async def assigned_task(self, *miners: str) -> tuple[int, int]:
        """Return (session id, task id) of a task assigned to these miners."""
        session_id = await self.create_session(nodes=miners, redundant=len(miners))
        task_id = await self.submit(session_id)
        await self.send(
            ORACLE, "SessionQueueV2", "assignTask", *self.assignment((session_id, task_id), *miners)
        )
        return session_id, task_id

    def submission(self, session_id: int, prompt: str) -> tuple[Any, ...]:
        """Return what this generation's `submit` takes."""
        request = ((90, 0),) if self.generation is Generation.NEW else ()
        return session_id, 2, prompt, 1, "", LLM_PARAMS, *request, "reference"

    def assignment(self, task: tuple[int, int], *miners: str) -> tuple[Any, ...]:
        """Return what this generation's `assignTask` takes."""
        return (*task, miners, 12) if self.generation is Generation.NEW else (*task, miners)

    async def miners(self, task: tuple[int, int]) -> tuple[str, ...]:
        """Return who is assigned to a task, in lower case."""
        acked = await self.read("SessionQueueV2", "getAllTaskResultAckedTimestamps", *task)
        miners: tuple[str, ...] = acked[0]
        return miners

    def _fields(self, sender: str, contract: str, name: str, arguments: tuple[Any, ...]) -> dict[str, str]:
        data = encode_call(load_artifact(contract, self.generation).function(name), *arguments)
        return {"from": sender, "to": self.address_of(contract), "data": data}
