"""Our contracts speak the public interface, and the committed artifacts are what the sources compile to."""

from __future__ import annotations

import json
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from eth_utils.abi import abi_to_signature, event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.crypto import keccak

from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.domain.networks import Generation

REPOSITORY = Path(__file__).resolve().parents[2]
CONTRACTS = ("SessionV2", "SessionQueueV2")
OURS = {
    "SessionV2": {"onTaskAssigned(uint256,uint256,address[])"},
    "SessionQueueV2": {"getTaskProgress(uint256,uint256)"},
}
RENAMED = {"sessionOwner": "owner"}  # a returned `owner` would shadow the function, which Solidity warns of


def published(contract: str, generation: Generation) -> dict[str, Any]:
    """The contract's public interface."""
    text = (
        resources.files("cortensor_tui.chain.contracts")
        .joinpath("signatures.json")
        .read_text(encoding="utf-8")
    )
    interface: dict[str, Any] = json.loads(text)["contracts"][contract][generation]
    return interface


def entries(contract: str, generation: Generation, kind: str) -> dict[str, Any]:
    """The artifact's ABI entries of a kind, by signature."""
    abi = load_artifact(contract, generation).abi
    return {abi_to_signature(entry): entry for entry in abi if entry["type"] == kind}


def declared(parameter: dict[str, Any]) -> str:
    """A parameter's type as signatures.json writes it: struct fields with their names, enums as uint8."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    fields = ",".join(f"{declared(field)} {field['name']}" for field in parameter["components"])
    return f"({fields}){kind.removeprefix('tuple')}"


def with_name(parameter: dict[str, Any]) -> str:
    indexed = " indexed" if parameter.get("indexed") else ""
    name = RENAMED.get(parameter["name"], parameter["name"])
    return f"{declared(parameter)}{indexed} {name}".strip()


def alike(ours: list[dict[str, Any]], published_ones: list[str]) -> bool:
    """Whether types are the same, and names wherever the published interface has one."""
    pairs = zip(ours, (one.strip() for one in published_ones), strict=True)
    return all(expected in (declared(one), with_name(one)) for one, expected in pairs)


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_public_function_but_the_admin_setters_is_there_and_alike(
    contract: str, generation: Generation
) -> None:
    functions = entries(contract, generation, "function")
    expected = {
        signature: function
        for signature, function in published(contract, generation)["functions"].items()
        if not signature.startswith("set")
    }

    assert set(functions) == set(expected) | OURS[contract]
    for signature, function in expected.items():
        ours = functions[signature]
        assert "0x" + function_abi_to_4byte_selector(ours).hex() == function["selector"], signature
        assert alike(ours["inputs"], function["inputs"]), signature
        assert alike(ours["outputs"], function["outputs"]), signature
        assert (ours["stateMutability"] == "nonpayable") == (function["mutability"] == "nonpayable"), (
            signature
        )


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_public_event_is_there_with_its_topic_names_and_indexed_flags(
    contract: str, generation: Generation
) -> None:
    events = entries(contract, generation, "event")
    expected = published(contract, generation)["events"]

    assert set(events) == set(expected)
    for signature, event in expected.items():
        assert "0x" + event_abi_to_log_topic(events[signature]).hex() == event["topic0"], signature
        assert [with_name(one) for one in events[signature]["inputs"]] == event["inputs"], signature


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_custom_errors_are_the_public_ones(contract: str, generation: Generation) -> None:
    selectors = {
        signature: "0x" + keccak(text=signature)[:4].hex()
        for signature in entries(contract, generation, "error")
    }

    errors = published(contract, generation)["errors"]
    assert selectors == {name: error["selector"] for name, error in errors.items()}


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("contract", [*CONTRACTS, "Runtime"])
def test_a_contract_fits_on_every_chain(contract: str, generation: Generation) -> None:
    assert 0 < load_artifact(contract, generation).deployed_bytes <= 24_576


@pytest.mark.real
def test_the_committed_artifacts_are_what_the_pinned_compiler_makes(
    node_modules: Path, tmp_path: Path
) -> None:
    pinned = json.loads((REPOSITORY / "package.json").read_text())["devDependencies"]["solc"]
    built = subprocess.run(
        ["node", "scripts/build_contracts.mjs", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr

    folder = REPOSITORY / "cortensor_tui" / "devnet" / "artifacts"
    committed = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(committed) == {file.name for file in tmp_path.iterdir()}
    for name, content in committed.items():
        assert (tmp_path / name).read_bytes() == content, f"{name}: make contracts"
        assert json.loads(content)["compiler"]["version"].startswith(f"{pinned}+")
