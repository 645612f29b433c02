"""Exit codes and error sentences, whatever goes wrong, and never a stack trace."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from cortensor_tui.cli import asking
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTasks, GetTransactions, WaitTask
from cortensor_tui.node.messages import Done, GetSessions, GetStatus, RequestBody, StatusChanged
from cortensor_tui.node.paths import socket_path
from tests.cli.conftest import PRIVATE_KEY, PROGRAM, Home, RunInside
from tests.cli.scripted_node import ScriptedNode

NEED_A_NODE = [
    ("status",),
    ("sessions",),
    ("tasks", "1"),
    ("txs",),
    ("assign", "1"),
    ("unassign", "1"),
    ("session", "create", "--name", "x"),
    ("submit", "1", "x"),
    ("node", "stop"),
]


@pytest.mark.parametrize("arguments", NEED_A_NODE, ids=lambda arguments: arguments[0])
def test_no_node_ends_with_three_and_says_how_to_start_one(
    run_inside: RunInside, arguments: tuple[str, ...]
) -> None:
    text = run_inside(*arguments)
    as_json = run_inside(*arguments, "--json")

    assert (text.code, as_json.code) == (3, 3)
    assert text.out == ""
    assert "Start one with: cortensor-tui node run." in text.err, "the default path need not be named"
    assert set(as_json.document) == {"error"}
    assert set(as_json.document["error"]) == {"code", "what", "why", "remedy"}
    assert as_json.document["error"]["code"] == "no_node"


async def test_no_node_and_no_settings_file_says_so(home: Home) -> None:
    ended = await home.run("status", "--env", "/no/such/file")

    assert ended.code == 3
    assert "There is no such settings file either" in ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("frobnicate",), "frobnicate"),
        (("assign",), "session"),
        (("assign", "one"), "SESSION"),
        (("assign", "-1"), "-1"),
        (("assign", "1", "--node", "0x12"), "is not an address"),
        (("assign", "1", "--node", "0x" + "g" * 40), "is not an address"),
        (("tasks", "--limit", "0"), "--limit"),
        (("session",), "Missing command"),
        (("session", "create"), "--name"),
        (("session", "create", "--name", "x", "--mode", "odd"), "ephemeral, hybrid, dedicated"),
        (("session", "create", "--name", "x", "--min-nodes", "3"), "--max-nodes 1 is less"),
        (("submit", "1"), "prompt"),
        (("submit", "1", "x", "--type", "odd"), "default, raw or template"),
        (("submit", "1", "x", "--temperature", "hot"), "--temperature"),
        (("devnet", "--backend", "geth"), "embedded or anvil"),
        (("devnet", "--generation", "v3"), "old, mid or new"),
        (("devnet", "--port", "70000"), "--port"),
        (("node",), "Missing command"),
        (("node", "rnu"), "rnu"),
        (("node", "/x/.env", "routerv1", "1", "docker"), "minerv3 or minerv4"),
        (("node", "/x/.env", "minerv3", "one"), "node FILE minerv3 1 docker"),
        (("node", "/x/.env", "minerv3", "1", "podman"), "Give docker"),
        (("--env", "/x", "status", "--env=/y"), "given twice"),
        (("--new-journal", "node", "run"), "after `node run`"),
        (("--env", "/x", "--new-journal", "node", "run"), "after the command"),
        (("--env=/x", "demo"), "No such option"),
    ],
)
def test_wrong_use_ends_with_two(run_inside: RunInside, arguments: tuple[str, ...], says: str) -> None:
    text = run_inside(*arguments)
    as_json = run_inside(*arguments, "--json")

    assert (text.code, as_json.code) == (2, 2)
    assert says.lower() in text.err.lower()
    assert text.out == ""
    assert as_json.document["error"]["code"] == "usage"


async def test_an_answer_of_the_wrong_kind_is_a_sentence(home: Home, node: ScriptedNode) -> None:
    node.answers[GetStatus] = Done()

    ended = await home.run("status")

    assert ended.code == 1
    assert "Done where StatusChanged was expected" in ended.err


@pytest.mark.parametrize(
    "line", [b"not json\n", b"", b'{"type":"reply","request_id":1,"body":{"type":"new"}}\n']
)
async def test_a_node_that_talks_nonsense_or_hangs_up_is_a_sentence(home: Home, line: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(line)
        writer.close()

    async with await asyncio.start_unix_server(talk, str(socket_path(home.settings))):
        ended = await home.run("status", "--json")

    assert ended.code == 1
    assert ended.document["error"]["code"] == "node_gone"


async def test_a_node_that_dies_while_it_sends_is_not_to_be_asked_again_blindly(home: Home) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(die, str(socket_path(home.settings))):
        asking = await home.run("status", "--json")
        sending = await home.run("session", "create", "--name", "mine", "--json")

    assert "transactions" not in asking.document["error"]["remedy"]
    told = sending.document["error"]
    assert (sending.code, told["code"]) == (1, "node_gone")
    assert "it may have sent what was asked for" in told["why"]
    assert "start it again" in told["remedy"]
    assert told["remedy"].endswith("look at its transactions before asking again")


async def test_an_open_runtime_folder_is_refused(home: Home) -> None:
    (home.folder / "cortensor-tui").mkdir(mode=0o755)
    (home.folder / "cortensor-tui").chmod(0o755)

    ended = await home.run("status")

    assert ended.code == 1
    assert "chmod 700" in ended.err


async def test_what_nobody_foresaw_is_a_sentence_that_names_the_log(home: Home, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import cortensor_tui.cli.asking as asking\n"
        "def broken(path):\n    raise ZeroDivisionError('boom')\n"
        "asking.socket_path = broken\n"
    )

    ended = await home.run("status", PYTHONPATH=str(tmp_path))
    shown = await home.execute(
        *PROGRAM, "status", may_trace=True, PYTHONPATH=str(tmp_path), CORTENSOR_TUI_DEBUG="1"
    )

    log = home.folder / ".local/state/cortensor-tui/command-line.log"
    assert ended.code == 1
    assert str(log) in ended.err
    assert "ZeroDivisionError: boom" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert "Traceback" in shown.err


@pytest.mark.parametrize("asked", [GetStatus(), GetTasks()], ids=["status", "tasks"])
async def test_a_node_that_stands_still_is_said_to(
    home: Home, node: ScriptedNode, monkeypatch: pytest.MonkeyPatch, asked: RequestBody
) -> None:
    monkeypatch.setattr(asking, "READ_TIMEOUT_S", 0.05)
    node.unanswered.add(type(asked))
    client = await NodeClient.connect(socket_path(home.settings))
    try:
        with pytest.raises(ProblemError) as told:
            await asking.read(client, asked, StatusChanged)
    finally:
        await client.close()
    assert told.value.problem.code == "node_frozen"
    assert "has not answered within 0.05 s" in told.value.problem.what
    assert "transactions" not in told.value.problem.remedy, "nothing was sent"


async def test_what_only_reads_waits_five_seconds_for_a_node_that_stands_still(
    home: Home, node: ScriptedNode
) -> None:
    node.unanswered.update((GetStatus, GetSessions, GetTasks, GetTransactions))
    commands = ("status", "sessions", "tasks", "txs")
    for ended in await asyncio.gather(*(home.run(command) for command in commands)):
        assert ended.code == 1
        assert ended.err.startswith("The node runs, but has not answered within 5 s.")


async def test_ctrl_c_while_waiting_ends_at_once_and_quietly(home: Home, node: ScriptedNode) -> None:
    node.unanswered.add(WaitTask)
    # A suite that runs in the background of a shell ignores the signal, and so would its children.
    heeding = ("env", "--default-signal=INT", *PROGRAM)
    process = await asyncio.create_subprocess_exec(
        *heeding, "submit", "3", "hello", "--wait", env=home.environ, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(60):
        await node.was_kept_waiting.wait()
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()

    assert process.returncode == 130
    assert err == b"Interrupted.\n"


async def test_an_argument_that_is_not_text_is_wrong_use(home: Home, node: ScriptedNode) -> None:
    command = f"{sys.executable} -m cortensor_tui.cli.main session create --name $'\\xff'"

    ended = await home.execute("bash", "-c", command)

    assert ended.code == 2
    assert "not text in UTF-8" in ended.err
    assert node.requests == []


async def test_output_that_nobody_reads_ends_quietly(home: Home, node: ScriptedNode) -> None:
    command = f"set -o pipefail; {sys.executable} -m cortensor_tui.cli.main tasks | true"

    ended = await home.execute("bash", "-c", command)

    assert ended.err == ""


async def test_a_terminal_that_is_not_utf8_still_gets_its_text(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("txs", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert ended.code == 0
    assert "0xababab" in ended.out


async def test_bad_settings_are_told_all_at_once_and_end_with_two(home: Home) -> None:
    home.settings.write_text(f"CHAINID=x\nLLM_PORT=y\nNODE_PRIVATE_KEY={PRIVATE_KEY}zz\n")

    text = await home.run("config", "check")
    as_json = await home.run("config", "check", "--json")
    show = await home.run("config", "show", "--json")

    assert (text.code, as_json.code, show.code) == (2, 2, 2)
    for key in ("CHAINID", "LLM_PORT", "NODE_PRIVATE_KEY", "HOST"):
        assert key in text.err
    assert f"{home.settings}:2: LLM_PORT is not a whole number. Found: y." in text.err
    assert as_json.document["is_usable"] is False
    assert [problem["line"] for problem in as_json.document["problems"]] == [1, 2, 3, None]
    assert as_json.document["error"]["code"] == "settings"
    assert show.document["error"]["code"] == "settings"
    assert "4c4c" not in text.out + text.err + as_json.out + show.out
