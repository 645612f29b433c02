"""Puts the contracts on a fresh chain, or finds them on one that a devnet has used before."""

from __future__ import annotations

import msgspec
import rlp
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import checksum, decode_output, encode_call
from cortensor_tui.chain.contracts.reader import Contracts
from cortensor_tui.chain.networks.probe import probe_generation
from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError, problem_error

# Registering cannot be estimated: it goes into the same block as what it registers.
_REGISTER_GAS = 200_000


class DevnetContracts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the contracts are, checksummed."""

    runtime: str
    session_v2: str
    session_queue_v2: str


async def deploy(
    rpc: Rpc, deployer_private_key: str, oracle_address: str, generation: Generation = Generation.NEW
) -> DevnetContracts:
    """Deploy the three contracts and register the modules, all in one block where it has room.

    The addresses are the same in every generation.

    Raises `ProblemError` when the chain refuses.
    """
    deployer = str(Account.from_key(deployer_private_key).address)
    nonce = int(await rpc.call("eth_getTransactionCount", deployer, "pending"), 16)
    contracts = _contracts_from(deployer, nonce)
    arguments = encode(["address", "address"], [contracts.runtime, oracle_address]).hex()
    register = load_artifact("Runtime").function("registerModule")
    outgoing = [
        _creation("Runtime", generation, ""),
        _creation("SessionV2", generation, arguments),
        _creation("SessionQueueV2", generation, arguments),
        *(
            Outgoing(
                text=f"registering {name}",
                to=contracts.runtime,
                data=encode_call(register, name, address),
                gas_limit=_REGISTER_GAS,
            )
            for name, address in _modules(contracts)
        ),
    ]
    problems = await DevSender(rpc, deployer_private_key).send_all(outgoing)
    for problem in problems:
        if problem is not None:
            raise ProblemError(problem)
    return contracts


async def find_deployed(
    rpc: Rpc, deployer: str, generation: Generation = Generation.NEW
) -> DevnetContracts | None:
    """Return what this deployer's first transactions put on the chain, None where it has sent none.

    Raises `ProblemError` "foreign_state" when it sent others, "other_generation" when those contracts are of
    another generation.
    """
    if int(await rpc.call("eth_getTransactionCount", deployer, "latest"), 16) == 0:
        return None
    contracts = _contracts_from(deployer, 0)
    look_up = load_artifact("Runtime").function("getModuleAddress")
    for name, address in _modules(contracts):
        call = {"to": contracts.runtime, "data": encode_call(look_up, name)}
        answer = str(await rpc.call("eth_call", call, "latest"))
        if answer == "0x" or checksum(decode_output(look_up, answer)[0]) != address:
            raise problem_error(
                "foreign_state",
                "The saved chain does not hold this devnet's contracts",
                f"{name} is not where the devnet puts it",
                "Delete the state file, or name another, to start a fresh chain",
            )
    modules = Contracts(session_v2=contracts.session_v2, session_queue_v2=contracts.session_queue_v2)
    found, _ = await probe_generation(rpc, modules)
    if found != generation:
        raise problem_error(
            "other_generation",
            f"The saved chain holds contracts of generation {found}, not {generation}",
            remedy=f"Ask for generation {found}, or name another state file to start a fresh chain",
        )
    return contracts


def _creation(contract: str, generation: Generation, arguments: str) -> Outgoing:
    bytecode = load_artifact(contract, generation).bytecode
    return Outgoing(text=f"deploying {contract}", data=bytecode + arguments)


def _contracts_from(deployer: str, nonce: int) -> DevnetContracts:
    runtime, session_v2, session_queue_v2 = (_created_address(deployer, nonce + index) for index in range(3))
    return DevnetContracts(runtime=runtime, session_v2=session_v2, session_queue_v2=session_queue_v2)


def _modules(contracts: DevnetContracts) -> tuple[tuple[str, str], ...]:
    return ("SessionV2", contracts.session_v2), ("SessionQueueV2", contracts.session_queue_v2)


def _created_address(deployer: str, nonce: int) -> str:
    encoded: bytes = rlp.encode([bytes.fromhex(deployer[2:]), nonce])
    return checksum("0x" + keccak(encoded)[12:].hex())
