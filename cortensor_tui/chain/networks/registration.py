"""Whether the network has registered a node, where a contract with a public interface tells it."""

from __future__ import annotations

from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import Function, decode_output, encode_call
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import ProblemError

COGNITIVE_LEVEL = "CognitiveLevel"
"""The one public interface that tells a registration; that of IAM, which keeps it, is not public."""
_IS_REGISTERED = Function(
    name="isNodeRegistered",
    selector=keccak(text="isNodeRegistered(address)")[:4],
    inputs=("address",),
    outputs=("bool",),
)


async def read_registration(rpc: Rpc, profile: NetworkProfile, node: str) -> Registration:
    """Return what the network's CognitiveLevel says of a node; nothing is asked where none is public.

    Raises what the endpoint raises where it is not the contract that refuses.
    """
    module = profile.module(COGNITIVE_LEVEL)
    if module is None:
        return Registration(detail="not readable on this network: no public contract tells it")
    call = {"to": module.address, "data": encode_call(_IS_REGISTERED, node)}
    place = f"{COGNITIVE_LEVEL} at {module.address}"
    try:
        answer = await rpc.call("eth_call", call, "latest")
    except RpcError as error:
        return Registration(detail=f"{place} refused: {error.message[:100]}")
    try:
        is_registered = bool(decode_output(_IS_REGISTERED, str(answer))[0])
    except ProblemError:
        return Registration(detail=f"{place} answered something else")
    return Registration(
        is_registered=is_registered, detail=f"{'' if is_registered else 'not '}registered, says {place}"
    )
