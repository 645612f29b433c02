"""The compiled contracts of the devnet, as scripts/build_contracts.mjs wrote them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types, get_abi_output_types

from cortensor_tui.chain.contracts.abi import Function
from cortensor_tui.domain.networks import Generation

# The queue's interface is the same in the two earlier generations, and the Runtime's is ours.
_BUILT_AS: Mapping[tuple[str, Generation], str] = {
    ("SessionV2", Generation.MID): "SessionV2Mid",
    ("SessionV2", Generation.OLD): "SessionV2Old",
    ("SessionQueueV2", Generation.MID): "SessionQueueV2Early",
    ("SessionQueueV2", Generation.OLD): "SessionQueueV2Early",
}


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled contract. `bytecode` is the creation code in 0x hex, without constructor arguments."""

    contract: str
    compiler: Mapping[str, Any]
    deployed_bytes: int
    abi: tuple[Any, ...]
    bytecode: str

    def function(self, name: str) -> Function:
        """Return a function of the contract, ready to encode calls with. Raises `KeyError`."""
        for entry in self.abi:
            if entry["type"] == "function" and entry["name"] == name:
                return Function(
                    name=name,
                    selector=function_abi_to_4byte_selector(entry),
                    inputs=tuple(get_abi_input_types(entry)),
                    outputs=tuple(get_abi_output_types(entry)),
                )
        raise KeyError(name)


@functools.cache
def load_artifact(contract: str, generation: Generation = Generation.NEW) -> Artifact:
    """Return "Runtime", "SessionV2" or "SessionQueueV2" of a generation."""
    built_as = _BUILT_AS.get((contract, generation), contract)
    file = resources.files("cortensor_tui.devnet").joinpath("artifacts", f"{built_as}.json")
    return msgspec.json.decode(file.read_bytes(), type=Artifact)
