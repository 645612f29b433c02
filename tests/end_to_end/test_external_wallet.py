"""An owner whose key never meets the node: written out, signed with ethers, sent and followed by the node."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.domain.health import Verdict
from tests.world import REPOSITORY, World, until_verdict

pytestmark = pytest.mark.real
SCRIPT = Path(__file__).with_name("sign_with_ethers.mjs")


async def run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, (out or err).decode()


async def program(settings: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, said = await run(
        sys.executable, "-m", "cortensor_tui", *arguments, "--env", str(settings), "--json"
    )
    found: dict[str, Any] = json.loads(said)
    return code, found


async def sign(file: Path, key: str, **changes: str) -> str:
    code, said = await run("node", str(SCRIPT), str(file), key, json.dumps(changes))
    assert code == 0, said
    return said.strip()


async def test_an_assignment_is_signed_by_ethers_and_sent_through_the_node(
    world: World, tmp_path: Path
) -> None:
    session_id = await world.create_session()
    settings = world.settings(
        CORTENSOR_TUI_OWNER_PRIVATE_KEY=None, CORTENSOR_TUI_OWNER_ADDRESS=world.owner.address
    )
    unsigned, signed = tmp_path / "unsigned.json", tmp_path / "signed.json"
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WAITING, process, "bound to no active session")
        code, refused = await program(settings, "assign", str(session_id))
        assert (code, refused["error"]["code"]) == (1, "no_owner_key")
        assert "--unsigned" in refused["error"]["remedy"]

        code, written = await program(settings, "assign", str(session_id), "--unsigned", str(unsigned))
        assert code == 0
        assert unsigned.stat().st_mode & 0o777 == 0o600
        assert f"addDedicatedNode({session_id}, {world.miner.address})" in written["call"]
        assert all(check["is_met"] for check in written["checks"])

        owner_key, stranger_key = world.owner.private_key, world.stranger.private_key
        wrong = {
            "value": await sign(unsigned, owner_key, value="0x1"),
            "chain": await sign(unsigned, owner_key, chainId="0x1"),
            "place": await sign(unsigned, owner_key, to=world.stranger.address),
            "call": await sign(unsigned, owner_key, data="0xdeadbeef"),
            "signature": await sign(unsigned, stranger_key),
        }
        for name, raw in wrong.items():
            signed.write_text(raw)
            code, refused = await program(settings, "assign", "--signed", str(signed))
            assert (code, refused["error"]["code"]) == (1, "signed_refused"), name
        assert "addDedicatedNode" in refused["error"]["what"], "the decoded call is shown"
        signed.write_text(await sign(unsigned, owner_key, nonce="0x7f"))
        code, refused = await program(settings, "assign", "--signed", str(signed))
        assert refused["error"]["code"] == "wrong_nonce"

        signed.write_text(json.dumps({"rawTransaction": await sign(unsigned, owner_key)}))
        code, sent = await program(settings, "assign", "--signed", str(signed))
        assert code == 0, sent
        assert sent["session_id"] == session_id
        assert (sent["transaction"]["kind"], sent["transaction"]["state"]) == ("bind", "mined")
        assert sent["transaction"]["sender"] == world.owner.address
        await until_verdict(settings, Verdict.SERVING, process)

        code, again = await program(settings, "assign", "--signed", str(signed))
        assert (code, again["transaction"]["hash"]) == (0, sent["transaction"]["hash"]), (
            "told, not sent again"
        )

        release, signed_release = tmp_path / "release.json", tmp_path / "release.hex"
        code, _ = await program(settings, "unassign", str(session_id), "--unsigned", str(release))
        signed_release.write_text(await sign(release, owner_key))
        code, sent = await program(settings, "unassign", "--signed", str(signed_release))
        assert (code, sent["transaction"]["kind"]) == (0, "unbind")
        assert await world.transaction_count(world.owner.address) == 3
