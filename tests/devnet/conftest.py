"""Parts that devnet tests share: what npm installed, a real anvil, and our contracts on it."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import deployer_account, funded_balances, oracle_account
from cortensor_tui.devnet.deploy import deploy
from cortensor_tui.domain.networks import Generation
from tests.devnet.devnet_on_anvil import DevnetOnAnvil

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Where npm put its packages."""
    folder = REPOSITORY / "node_modules"
    if not all((folder / name).is_dir() for name in ("ethers", "solc", "@foundry-rs/anvil-linux-amd64")):
        pytest.fail(f"{folder} lacks what package-lock.json names; run `make node-parts`", pytrace=False)
    return folder


@pytest.fixture(scope="module")
def anvil_url(node_modules: Path) -> Iterator[str]:
    """A fresh anvil that mines each transaction at once and lets tests send as anyone."""
    binary = node_modules / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
    command = [str(binary), "--port", "0", "--accounts", "1", "--auto-impersonate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Listening on" in line:
                break
        listening = re.search(r"Listening on (127\.0\.0\.1:\d+)", said)
        if listening is None:
            pytest.fail(f"anvil did not start:\n{said}")
        drain = threading.Thread(target=process.stdout.read)  # a full pipe would stop anvil
        drain.start()
        yield f"http://{listening[1]}"
        process.terminate()
        drain.join()


@pytest.fixture
async def devnet(request: pytest.FixtureRequest, anvil_url: str) -> AsyncIterator[DevnetOnAnvil]:
    """Fresh contracts on the module's anvil, with funded accounts; of the newest generation unless marked."""
    generation: Generation = getattr(request, "param", Generation.NEW)
    rpc = RpcClient(anvil_url)
    await rpc.batch(
        [("anvil_setBalance", (address, hex(balance))) for address, balance in funded_balances().items()]
    )
    deployer_key, oracle_address = deployer_account().private_key, oracle_account().address
    contracts = await deploy(rpc, deployer_key, oracle_address, generation)
    yield DevnetOnAnvil(rpc, contracts, generation)
    await rpc.close()
