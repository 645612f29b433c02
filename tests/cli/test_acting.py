"""`assign`, `unassign`, `session create`, `submit` and `node stop`."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.inference import Clamp
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.history_messages import TaskOutcome, WaitTask
from cortensor_tui.node.messages import GetSessions, GetStatus, Refused, SessionsChanged, StatusChanged
from cortensor_tui.node.owner_messages import (
    Assign,
    Check,
    CheckAssignment,
    CheckSigned,
    CreateSession,
    SendSigned,
    Sent,
    Submit,
)
from tests.cli.conftest import Home
from tests.cli.examples import CHECKED, CONTRACT, ENDED, HASH, NASTY, NODE, OWNER, REVERTED, SESSION, STATUS
from tests.cli.scripted_node import ScriptedNode


async def test_assign_binds_this_node_and_says_where_it_was_mined(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("assign", "3")

    assert ended.code == 0
    assert f"{NODE} is bound to session 3" in ended.out
    assert f"{HASH}, block 13, gas 21000, fee 0.000042 ether" in ended.out
    assert node.requests == [
        GetStatus(),
        CheckAssignment(session_id=3, node_address=NODE),
        Assign(session_id=3, node_address=NODE),
    ]


async def test_unassign_releases_another_node(home: Home, node: ScriptedNode) -> None:
    document = (await home.run("unassign", "3", "--node", OWNER, "--json")).document

    assert node.requests == [
        CheckAssignment(session_id=3, node_address=OWNER, unbind=True),
        Assign(session_id=3, node_address=OWNER, unbind=True),
    ]
    assert (document["session_id"], document["node_address"]) == (3, OWNER)
    assert document["transaction"]["state"] == "mined"
    assert document["transaction"]["fee_wei"] == "42000000000000"


async def test_a_dry_run_shows_checks_call_and_fee_and_sends_nothing(home: Home, node: ScriptedNode) -> None:
    text = await home.run("assign", "3", "--dry-run")
    document = (await home.run("assign", "3", "--dry-run", "--json")).document

    assert not any(isinstance(request, Assign) for request in node.requests)
    for part in (
        "the session exists",
        "addDedicatedNode(3",
        CONTRACT,
        "0x7fcbee08",
        "0.001 ether",
        "would be sent",
    ):
        assert part in text.out
    assert document["is_allowed"] is True
    assert document["dry_run"] is True
    assert document["checks"] == [{"name": "the session exists", "is_met": True, "detail": "3"}]
    assert (document["gas_limit"], document["fee_wei"]) == (90000, "1000000000000000")


@pytest.mark.parametrize(("is_met", "code"), [(False, "check_failed"), (None, "check_unknown")])
async def test_a_check_that_is_not_met_stops_it(
    home: Home, node: ScriptedNode, is_met: bool | None, code: str
) -> None:
    unmet = Check(name="you own the session", is_met=is_met, detail=f"owned by {NASTY}")
    node.answers[CheckAssignment] = msgspec.structs.replace(CHECKED, checks=(*CHECKED.checks, unmet))

    sent = await home.run("assign", "3", "--json")
    dry = await home.run("assign", "3", "--dry-run", "--json")
    text = await home.run("assign", "3", "--dry-run")

    assert (sent.code, dry.code, text.code) == (1, 1, 1)
    assert sent.document["error"]["code"] == code
    assert "you own the session" in sent.document["error"]["why"]
    assert dry.document["is_allowed"] is False
    assert "would be refused" in text.out
    assert not any(isinstance(request, Assign) for request in node.requests)


async def test_a_session_is_created_with_what_was_given(home: Home, node: ScriptedNode) -> None:
    options = "--metadata m --mode hybrid --min-nodes 1 --max-nodes 4 --redundant 2 --validators 1 --sla 2"
    further = "--model 12 --reserve-period 60 --max-executions 9 --json"

    document = (
        await home.run("session", "create", "--name", "Trial", *options.split(), *further.split())
    ).document

    assert document["session_id"] == 5
    assert document["transaction"]["hash"] == HASH
    assert node.requests == [
        CreateSession(
            name="Trial",
            metadata="m",
            mode=1,
            min_nodes=1,
            max_nodes=4,
            redundant=2,
            validator_nodes=1,
            sla=2,
            model_identifier=12,
            reserve_period_s=60,
            max_task_executions=9,
        )
    ]


async def test_a_session_for_people(home: Home, node: ScriptedNode) -> None:
    assert "Session 5 is created." in (await home.run("session", "create", "--name", "x")).out


async def test_submit_scales_the_sampling_as_the_chain_has_it(home: Home, node: ScriptedNode) -> None:
    options = "--max-tokens 64 --temperature 0.29 --top-p 0.95 --top-k 7 --repeat-penalty 1.1 --type default"

    ended = await home.run("submit", "3", "Say hello", *options.split())

    assert ended.code == 0
    assert "Task 3/7 is submitted" in ended.out
    assert node.requests[2:] == [
        Submit(session_id=3, prompt="Say hello", prompt_type=0, llm_params=(64, 29, 95, 7, 110, 0, 0))
    ]


async def test_submit_and_wait_gives_every_result_exactly(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("submit", "3", "hello", "--wait", "--timeout", "5", "--json")

    assert ended.code == 0
    assert (ended.document["session_id"], ended.document["task_id"], ended.document["stage"]) == (
        3,
        7,
        "ended",
    )
    assert ended.document["results"] == [{"miner": NODE, "data": ENDED.results[0].data, "hash": HASH}]
    assert "error" not in ended.document
    assert node.requests[3] == WaitTask(key=TaskKey(3, 7), timeout_s=5)


async def test_what_the_node_could_not_take_as_asked_is_told(home: Home, node: ScriptedNode) -> None:
    clamp = Clamp(name="max_tokens", asked=5000, applied=1200, reason="the context has room for 1200")
    node.answers[WaitTask] = msgspec.structs.replace(ENDED, clamps=(clamp,))

    ended = await home.run("submit", "3", "hello", "--wait", "--json")
    text = await home.run("submit", "3", "hello", "--wait")

    assert ended.document["clamps"] == [msgspec.to_builtins(clamp)]
    assert text.err == "max_tokens: 5000 asked, 1200 applied: the context has room for 1200\n"


async def test_results_for_people_are_inert_and_keep_their_lines(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("submit", "3", "hello", "--wait")

    assert "Task 3/7 is ended." in ended.out
    assert "\nsecond line [bold]\n" in ended.out
    assert all(line.isprintable() for line in ended.out.split("\n"))


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (TaskOutcome(key=TaskKey(3, 7), stage="acked", is_ended=False, results=()), "task_not_ended"),
        (TaskOutcome(key=TaskKey(3, 7), stage="ended", is_ended=True, results=()), "task_without_results"),
        (
            TaskOutcome(
                key=TaskKey(3, 7), stage="missed", is_ended=False, results=(), note="it does not fit"
            ),
            "task_missed",
        ),
    ],
)
async def test_a_task_without_an_answer_fails_the_command(
    home: Home, node: ScriptedNode, outcome: TaskOutcome, code: str
) -> None:
    node.answers[WaitTask] = outcome

    ended = await home.run("submit", "3", "hello", "--wait", "--json")
    text = await home.run("submit", "3", "hello", "--wait")

    assert (ended.code, text.code) == (1, 1)
    assert ended.document["error"]["code"] == code
    assert ended.document["task_id"] == 7
    assert "cortensor-tui tasks 3" in text.err


async def test_a_task_that_is_paid_for_is_named_whatever_comes(home: Home, node: ScriptedNode) -> None:
    node.answers[WaitTask] = Refused(Problem(code="no_rpc", what="The chain did not answer"))

    ended = await home.run("submit", "3", "hello", "--wait", "--json")

    assert ended.code == 1
    assert (ended.document["task_id"], ended.document["error"]["code"]) == (7, "no_rpc")


async def test_a_session_that_nobody_serves_is_named_before_paying(home: Home, node: ScriptedNode) -> None:
    bare = msgspec.structs.replace(SESSION.session, dedicated_nodes=(), ephemeral_nodes=())
    node.answers[GetSessions] = SessionsChanged((msgspec.structs.replace(SESSION, session=bare),))

    ended = await home.run("submit", "3", "hello")

    assert ended.code == 0
    assert "No node is bound to session 3" in ended.err


DOWN = Problem(code="engine_failed", what="The model server is down", why="refused", remedy="Start it")


@pytest.mark.parametrize(("service", "is_told"), [(Service.SERVED, True), (Service.NOT_BOUND, False)])
async def test_a_node_that_cannot_answer_its_session_says_so_before_paying(
    home: Home, node: ScriptedNode, service: Service, is_told: bool
) -> None:
    blocked = msgspec.structs.replace(STATUS, verdict=Verdict.BLOCKED, reason=DOWN.what, problem=DOWN)
    node.answers[GetStatus] = StatusChanged(blocked)
    node.answers[GetSessions] = SessionsChanged((msgspec.structs.replace(SESSION, service=service),))

    ended = await home.run("submit", "3", "hello")

    assert ended.code == 0
    told = "This node cannot answer it now: The model server is down. Refused. Start it." in ended.err
    assert told is is_told, ended.err


@pytest.mark.parametrize(("stdin", "prompt"), [(b"two\nlines\n", "two\nlines"), ("déjà".encode(), "déjà")])
async def test_a_prompt_comes_from_stdin(home: Home, node: ScriptedNode, stdin: bytes, prompt: str) -> None:
    assert (await home.run("submit", "3", "-", stdin=stdin)).code == 0
    assert node.requests[2:] == [Submit(session_id=3, prompt=prompt)]


@pytest.mark.parametrize(
    ("stdin", "what"),
    [
        (b"", "The prompt is empty"),
        (b" \n", "The prompt is empty"),
        (b"x" * 64 * 1024 + b"yz", "The prompt is too long"),
        (b"\xff\xfe", "not text in UTF-8"),
    ],
)
async def test_a_bad_prompt_is_wrong_use_and_nothing_is_sent(
    home: Home, node: ScriptedNode, stdin: bytes, what: str
) -> None:
    ended = await home.run("submit", "3", "-", stdin=stdin)

    assert ended.code == 2
    assert what in ended.err
    assert node.requests == []


async def test_the_longest_prompt_is_taken_whole(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("submit", "3", "-", stdin=b"x" * 64 * 1024 + b"\n")
    assert ended.code == 0
    assert "about 16,384 tokens, by an estimate" in ended.err
    assert node.requests[2:] == [Submit(session_id=3, prompt="x" * 64 * 1024)]


async def test_a_reverted_transaction_fails_with_its_reason_shown_inert(
    home: Home, node: ScriptedNode
) -> None:
    node.answers[Submit] = Sent(transaction=REVERTED)

    ended = await home.run("submit", "3", "hello")
    document = (await home.run("submit", "3", "hello", "--json")).document

    assert ended.code == 1
    assert "is reverted" in ended.err
    assert ended.err.strip().isprintable()
    assert document["error"]["code"] == "transaction_reverted"


@pytest.mark.parametrize(
    "arguments", [("assign", "3"), ("submit", "3", "x"), ("session", "create", "--name", "x")]
)
async def test_a_refusal_of_the_node_is_told_in_its_three_parts(
    home: Home, node: ScriptedNode, arguments: tuple[str, ...]
) -> None:
    problem = Problem(
        code="not_owner", what="Session 3 is not yours", why="it belongs to 0x70", remedy="Ask them"
    )
    for request_type in (Assign, CheckAssignment, Submit, CreateSession):
        node.answers[request_type] = Refused(problem)

    text = await home.run(*arguments)
    as_json = await home.run(*arguments, "--json")

    assert (text.code, as_json.code) == (1, 1)
    assert text.err == "Session 3 is not yours. It belongs to 0x70. Ask them.\n"
    assert text.out == ""
    assert as_json.document == {"error": msgspec.to_builtins(problem)}


async def test_node_stop_waits_until_the_node_is_gone(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("node", "stop")
    document = (await home.run("node", "stop", "--json")).document

    assert ended.out == "The node has stopped.\n"
    assert document == {"stopped": True}


async def test_what_a_wallet_signed_is_shown_with_its_price_before_it_is_sent(
    home: Home, node: ScriptedNode
) -> None:
    (home.folder / "signed.hex").write_text("0x02")
    text = await home.run("assign", "--signed", str(home.folder / "signed.hex"))
    as_json = await home.run("assign", "--signed", str(home.folder / "signed.hex"), "--json")

    assert (text.code, as_json.code) == (0, 0)
    for ended in (text, as_json):
        assert "can cost at most 0.3 ether. Warning: It offers up to 5000 gwei." in ended.err
    assert as_json.document["most_fee_wei"] == str(3 * 10**17)
    assert as_json.document["warning"] == "It offers up to 5000 gwei"
    assert node.requests[:2] == [CheckSigned(raw="0x02"), SendSigned(raw="0x02")]
