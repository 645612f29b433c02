"""`status`, `sessions`, `tasks` and `txs`: what people read and what programs get."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.cli.shapes import session_json, task_json, transaction_json
from cortensor_tui.cli.status_shape import status_json
from cortensor_tui.domain.health import Account, IpfsHealth, Verdict
from cortensor_tui.domain.inference import EngineFacts
from cortensor_tui.domain.networks import ServedChain
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.task_filter import StageIs, TaskFilter, Term
from cortensor_tui.domain.tasks import Stage, TaskCursor, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.history_messages import GetTask, GetTasks, GetTransactions, Tasks, Transactions
from cortensor_tui.node.messages import GetSessions, GetStatus, SessionsChanged, StatusChanged
from tests.cli.conftest import Home
from tests.cli.examples import (
    AT,
    CONTRACT,
    HASH,
    NASTY,
    NODE,
    OWNER,
    QUEUED_TASK,
    SESSION,
    STATUS,
    TASK,
    TRANSACTION,
)
from tests.cli.scripted_node import ScriptedNode


async def test_status_says_at_a_glance_whether_the_node_serves(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("status")

    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith("serving   bound to 1 session")
    assert f"{NODE}  1.5 ether" in ended.out
    assert f"{OWNER}  unknown" in ended.out
    assert "head 12" in ended.out
    assert "contract  generation: mid (probed)" in ended.out
    assert "low balance" in ended.out


async def test_status_says_how_busy_a_model_server_is_and_that_it_was_lost(
    home: Home, node: ScriptedNode
) -> None:
    server = msgspec.structs.replace(
        STATUS.engine,
        engine="llama-server b1 at http://127.0.0.1:8090",
        runs=2,
        facts=EngineFacts(slots=4),
        is_ours=False,
        restarts=1,
        died_at=AT,
        death="connection refused",
    )
    node.answers[GetStatus] = StatusChanged(msgspec.structs.replace(STATUS, engine=server))
    told = (await home.run("status")).out
    assert "2 of 4 slots busy  llama-server b1 at http://127.0.0.1:8090" in told
    line, past = [one for one in told.splitlines() if "lost " in one]
    assert line.endswith("lost 1 time"), "what is over is told in a line of its own"
    assert past.strip().startswith("lost ")
    assert past.endswith("ago: connection refused")
    waiting = msgspec.structs.replace(server, runs=5)
    node.answers[GetStatus] = StatusChanged(msgspec.structs.replace(STATUS, engine=waiting))
    assert "4 of 4 slots busy, 1 waiting" in (await home.run("status")).out
    unknown = msgspec.structs.replace(server, facts=EngineFacts())
    node.answers[GetStatus] = StatusChanged(msgspec.structs.replace(STATUS, engine=unknown))
    assert "  2 runs  " in (await home.run("status")).out


async def test_status_says_what_waits_for_ipfs_and_what_is_not_known_of_it(
    home: Home, node: ScriptedNode
) -> None:
    ipfs = IpfsHealth(endpoint="http://127.0.0.1:5001", count=2, out=2, waiting=2, error="\x1b[2Jno answer")
    store = msgspec.structs.replace(STATUS.store, ipfs=ipfs)
    node.answers[GetStatus] = StatusChanged(msgspec.structs.replace(STATUS, store=store))
    told = (await home.run("status")).out
    [line] = [line for line in told.splitlines() if line.startswith("ipfs ")]
    assert line.split("  ", 1)[1].strip() == (
        "0 of 2 answering  2 waiting  http://127.0.0.1:5001  peers unknown  ␛[2Jno answer"
    )


async def test_status_as_json_has_the_documented_shape(home: Home, node: ScriptedNode) -> None:
    document = (await home.run("status", "--json")).document

    assert document["verdict"] == "serving"
    assert document["reason"] == STATUS.reason
    assert document["problem"] is None
    assert document["node"] == {
        "address": NODE,
        "balance_wei": "1500000000000000000",
        "read_at": "2026-01-31T12:00:00.250Z",
        "unlocked_from": "",
    }
    assert document["owner"] == {
        "address": OWNER,
        "balance_wei": None,
        "read_at": None,
        "unlocked_from": "",
    }
    assert document["chain"]["chain_id"] == 31337
    assert document["chain"]["head_at"] is None
    assert (document["chain"]["generation"], document["chain"]["is_generation_probed"]) == ("mid", True)
    [probe] = document["chain"]["probes"]
    assert probe["call"] == "SessionV2.tasksBeforeRelease()"
    assert document["chain"]["addresses"] == [
        {"name": "SessionV2", "address": CONTRACT, "source": "set as X", "setting": ""}
    ]
    assert document["engine"]["state"] == "ready"
    assert document["store"] == {
        "kind": "local",
        "location": "/var/lib/x",
        "is_writable": True,
        "error": "",
        "ipfs": None,
    }
    assert document["tasks"] == {"answered": 3, "missed": 0}
    assert document["warnings"] == ["low balance"]


@pytest.mark.parametrize(
    ("struct", "document", "elsewhere"),
    [
        (STATUS, status_json(STATUS), {"answered_tasks", "missed_tasks"}),
        (STATUS.chain, status_json(STATUS)["chain"], {"origin"}),
        (STATUS.node, status_json(STATUS)["node"], set()),
        (SESSION.session, session_json(SESSION), set()),
        (SESSION, session_json(SESSION), {"session"}),
        (TASK, task_json(TASK), {"key"}),
        (TASK.times, task_json(TASK)["times"], set()),
        (TRANSACTION, transaction_json(TRANSACTION), {"task_key"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_document_has_all_that_the_node_tells(
    struct: msgspec.Struct, document: dict[str, object], elsewhere: set[str]
) -> None:
    """What is left out here is there under other names, which the tests above look for."""
    assert set(struct.__struct_fields__) - elsewhere <= set(document)


async def test_a_blocked_node_says_what_to_do(home: Home, node: ScriptedNode) -> None:
    problem = Problem(
        code="no_balance", what="The node has no gas", why="its balance is 0", remedy="Send it ether"
    )
    owner = Account(address=NODE, balance_wei="0")
    node.answers[GetStatus] = StatusChanged(msgspec.structs.replace(STATUS, problem=problem, owner=owner))

    text = await home.run("status")
    document = (await home.run("status", "--json")).document

    assert "The node has no gas. Its balance is 0. Send it ether." in text.out
    assert "the same key" in text.out
    assert document["problem"] == {
        "code": "no_balance",
        "what": "The node has no gas",
        "why": "its balance is 0",
        "remedy": "Send it ether",
    }


async def test_sessions_as_text_and_as_json(home: Home, node: ScriptedNode) -> None:
    text = await home.run("sessions")
    (session,) = (await home.run("sessions", "--json")).document["sessions"]

    header, row = text.out.splitlines()
    assert header.split() == ["ID", "NAME", "MODE", "STATE", "SERVICE", "NODES", "TASKS", "OWNER", "WHY"]
    assert row.split()[0] == "3"
    assert "dedicated  active  served" in row
    assert row.endswith("mine   your own")
    assert session["session_id"] == 3
    assert session["name"] == NASTY
    assert (session["mode"], session["service"], session["is_mine"]) == ("dedicated", "served", True)
    assert session["dedicated_nodes"] == [NODE]
    assert session["task_count"] is None
    assert session["created_at"] == "2026-01-31T12:00:00.250Z"


async def test_tasks_as_text_and_as_json(home: Home, node: ScriptedNode) -> None:
    text = await home.run("tasks", "3", "--limit", "9")
    first, second = (await home.run("tasks", "--json")).document["tasks"]

    assert node.requests == [GetTasks(session_id=3, limit=9), GetTasks()]
    assert "committed" in text.out.splitlines()[1]
    assert "85.3" in text.out
    assert (first["session_id"], first["task_id"], first["stage"]) == (3, 7, "committed")
    assert (first["prompt"], first["answer"]) == (NASTY, f"answer {NASTY}")
    assert first["clamps"] == [{"name": "max_tokens", "asked": 4096, "applied": 128, "reason": "context"}]
    assert first["applied"]["temperature"] == 0.7
    assert second["answer"] is None
    assert second["asked"] is None
    assert second["assigned_at"] is None
    assert first["times"]["assigned_block"] == 13
    assert first["times"]["seen_at"] == "2026-01-31T12:00:00.250Z"
    assert set(second["times"].values()) == {None}
    assert len(second["times"]) == 16


@pytest.mark.parametrize("command", ["tasks", "txs"])
async def test_before_a_chain_answers_a_list_says_whose_past_it_is(
    home: Home, node: ScriptedNode, command: str
) -> None:
    past = ServedChain(chain_id=31337, genesis_hash=HASH, queue_address=CONTRACT, block_number=12, read_at=AT)
    node.answers[GetTasks] = Tasks((TASK,), past=past)
    node.answers[GetTransactions] = Transactions((), past=past)

    text = await home.run(command)
    document = (await home.run(command, "--json")).document

    assert text.err.startswith("No chain has answered yet. This is the past of chain 31337, read ")
    assert document["past"] == {
        "chain_id": 31337,
        "genesis_hash": HASH,
        "queue_address": CONTRACT,
        "block_number": 12,
        "read_at": "2026-01-31T12:00:00.250Z",
    }


async def test_the_status_before_a_chain_answers_counts_the_past_and_says_so(
    home: Home, node: ScriptedNode
) -> None:
    past = ServedChain(chain_id=31337, genesis_hash=HASH, queue_address=CONTRACT)
    node.answers[GetStatus] = StatusChanged(msgspec.structs.replace(STATUS, past=past))

    assert "3 answered, 0 missed; the past of chain 31337\n" in (await home.run("status")).out
    document = (await home.run("status", "--json")).document
    assert (document["past"]["chain_id"], document["past"]["read_at"]) == (31337, None)


async def test_txs_as_text_and_as_json(home: Home, node: ScriptedNode) -> None:
    text = await home.run("txs")
    mined, reverted = (await home.run("txs", "--json", "--limit", "5")).document["transactions"]

    assert node.requests[1] == GetTransactions(limit=5)
    assert "0.000042 ether" in text.out
    assert "0xababab…abab" in text.out
    assert (mined["hash"], mined["fee_wei"], mined["nonce"]) == (HASH, "42000000000000", 4)
    assert (mined["session_id"], mined["task_id"]) == (3, 7)
    assert (reverted["state"], reverted["error"]) == ("reverted", NASTY)


async def test_a_filter_is_asked_page_by_page_until_there_is_enough(home: Home, node: ScriptedNode) -> None:
    """One answer looks through part of the history only."""
    reached = TaskCursor(7.0, TaskKey(3, 6))
    pages = iter(((TASK,), (), (QUEUED_TASK,)))
    node.answers[GetTasks] = lambda _: Tasks(next(pages), True, reached)
    document = (await home.run("tasks", "--filter", "missed", "--limit", "2", "--json")).document
    assert document["next"] == "3/6"
    assert len(document["tasks"]) == 2
    wanted = TaskFilter((Term(StageIs((Stage.MISSED,))),))
    assert node.requests == [
        GetTasks(filter=wanted, limit=2),
        GetTasks(filter=wanted, limit=1, before=reached),
        GetTasks(filter=wanted, limit=1, before=reached),
    ]


async def test_tasks_before_one(home: Home, node: ScriptedNode) -> None:
    node.answers[GetTask] = Tasks((TASK,))
    assert (await home.run("tasks", "--before", "3/7", "--json")).document["next"] is None
    place = TaskCursor(TASK.assigned_at or 0.0, TASK.key)
    assert node.requests == [GetTask(key=TaskKey(3, 7)), GetTasks(before=place)]


async def test_a_filter_that_cannot_be_read_says_where(home: Home) -> None:
    told = await home.run("tasks", "--filter", "missed speed:3")
    assert "There is no field speed, at character 8" in told.err


async def test_txs_of_a_session_by_kind_and_state(home: Home, node: ScriptedNode) -> None:
    options = (
        "--session",
        "3",
        "--kind",
        "commit",
        "--state",
        "reverted",
        "--state",
        "sent",
        "--before",
        "90",
    )
    await home.run("txs", *options)
    assert node.requests == [
        GetTransactions(
            session_id=3,
            kinds=(TransactionKind.COMMIT,),
            states=(TransactionState.SENT, TransactionState.REVERTED),
            before=90,
        )
    ]


async def test_txs_of_a_task_and_a_hash(home: Home, node: ScriptedNode) -> None:
    await home.run("txs", "--task", "3/7", "--hash", "0x7515", "--filter", "failed kind:ack", "--kind", "ack")
    [asked] = node.requests
    assert isinstance(asked, GetTransactions)
    assert (asked.task, asked.hash, asked.kinds) == (TaskKey(3, 7), "0x7515", (TransactionKind.ACK,))
    assert TransactionState.REVERTED in asked.states


async def test_txs_of_no_hash_says_so(home: Home) -> None:
    told = await home.run("txs", "--hash", "0x1")
    assert told.code != 0
    assert "0x1 is no hash" in told.err


@pytest.mark.parametrize(
    ("command", "request_type", "nothing", "sentence"),
    [
        ("sessions", GetSessions, SessionsChanged(()), "There are no sessions yet"),
        ("tasks", GetTasks, Tasks(()), "No tasks yet"),
        ("txs", GetTransactions, Transactions(()), "No transactions yet"),
    ],
)
async def test_nothing_to_list_is_said(
    home: Home,
    node: ScriptedNode,
    command: str,
    request_type: type,
    nothing: SessionsChanged | Tasks | Transactions,
    sentence: str,
) -> None:
    node.answers[request_type] = nothing

    assert sentence in (await home.run(command)).out


@pytest.mark.parametrize("command", ["status", "sessions", "tasks", "txs"])
async def test_text_from_strangers_cannot_act_on_the_terminal(
    home: Home, node: ScriptedNode, command: str
) -> None:
    for arguments in ((command,), (command, "--json")):
        ended = await home.run(*arguments)

        assert ended.code == 0
        assert all(line.isprintable() for line in ended.out.split("\n"))


async def test_a_node_that_watches_is_told_as_one(home: Home, node: ScriptedNode) -> None:
    account = Account(address=NODE, balance_wei="1500000000000000000", read_at=AT)
    watching = {"verdict": Verdict.WATCHING, "is_watching": True, "node": account, "owner": account}
    status = msgspec.structs.replace(STATUS, **watching)
    node.answers[GetStatus] = lambda _: StatusChanged(status)

    ended = await home.run("status")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].startswith("watching  bound to 1 session")
    assert any(one.split()[:2] == ["watched", NODE] for one in lines)
    assert any(one.split() == ["engine", *["none:", "this", "node", "only", "watches"]] for one in lines)
    assert not any(one.startswith("owner") for one in lines)
    document = (await home.run("status", "--json")).document
    assert (document["verdict"], document["is_watching"]) == ("watching", True)
