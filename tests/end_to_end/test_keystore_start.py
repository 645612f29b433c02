"""A node with a keystore starts without a terminal, and neither key nor password shows anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.chain.signing.keystore import write_keystore
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.dashboard import NodeStart, start_node
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged, Stop
from cortensor_tui.node.paths import socket_path
from cortensor_tui.settings import Secret, Settings, load_settings

pytestmark = pytest.mark.real
KEY, PASSWORD = Secret("0x" + "4c" * 32), "hush-hush-password"


@pytest.fixture
def settings(tmp_path: Path, unused_tcp_port: int) -> Settings:
    write_keystore(tmp_path / "key.json", KEY, PASSWORD, scrypt_n=1024)
    path = tmp_path / ".env"
    path.write_text(
        f"HOST=http://127.0.0.1:{unused_tcp_port}\nCHAINID=31337\nCORTENSOR_TUI_DATA_DIR=data\n"
        "CORTENSOR_TUI_NODE_KEYSTORE=key.json\nCORTENSOR_TUI_LOG_LEVEL=debug\n"
    )
    path.chmod(0o600)
    return load_settings(path, {})


def require_silence(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert PASSWORD.encode() not in text, path
            assert b"4c4c4c4c" not in text, path


async def test_the_dashboard_hands_the_password_over_and_it_leaves_no_trace(
    settings: Settings, tmp_path: Path
) -> None:
    path = socket_path(settings.path)
    await start_node(settings, path, NodeStart(passwords={"node": Secret(PASSWORD)}))
    client = await NodeClient.connect(path)
    try:
        answer = await client.request(GetStatus())
        await client.request(Stop())
    finally:
        await client.close()

    assert isinstance(answer, StatusChanged)
    assert answer.status.warnings == ()
    require_silence(tmp_path)


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (NodeStart(passwords={"node": Secret("not the password")}), "right password"),
        (NodeStart(), "CORTENSOR_TUI_NODE_PASSWORD_FILE"),
    ],
)
async def test_without_the_password_it_is_said_what_to_set(
    settings: Settings, tmp_path: Path, start: NodeStart, says: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        await start_node(settings, socket_path(settings.path), start)

    assert caught.value.problem.code == "node_ended"
    assert says in caught.value.problem.why
    require_silence(tmp_path)
