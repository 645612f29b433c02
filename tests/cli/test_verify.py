"""`verify`: lines for people, a document for programs, and exit codes in which unknown is never a pass."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.verification import Finding, ProofVerdict
from cortensor_tui.node.history_messages import Verify
from cortensor_tui.node.messages import Refused
from tests.cli.conftest import Home
from tests.cli.examples import CONTRACT, HASH, NODE, VERIFIED
from tests.cli.scripted_node import ScriptedNode


async def test_each_check_is_a_line_with_mark_values_and_place(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("verify", "3", "7")

    assert node.requests == [Verify(key=TaskKey(3, 7))]
    head, _, columns, assigned, block, event, _, verdict = ended.out.splitlines()
    assert head == f"Task 3/7, node {NODE}, queue {CONTRACT} on chain 31337"
    assert columns.split() == ["CHECK", "COMPARED", "WHERE"]
    assert assigned.split()[:2] == ["ok", "the"]
    assert assigned.endswith("0xf39Fd6…2266")
    assert "0xababab…abab here, 0xcdcdcd…cdcd there: the detail" in block
    assert block.endswith("tx 0xababab…abab block 13 0xefefef…efef 2026-01-31T12:00:00.250Z")
    assert event.startswith("-  ")
    assert event.endswith("the same")
    assert verdict.startswith("PROVEN: the result on chain is the stored answer, byte for byte")
    assert all(line.isprintable() for line in ended.out.split("\n"))


@pytest.mark.parametrize("named", [("3", "7"), ("3/7",)])
async def test_a_task_is_named_as_lists_show_it_or_by_its_two_ids(
    home: Home, node: ScriptedNode, named: tuple[str, ...]
) -> None:
    await home.run("verify", *named)
    assert node.requests == [Verify(key=TaskKey(3, 7))]


async def test_the_document_has_every_value_whole(home: Home, node: ScriptedNode) -> None:
    document = (await home.run("verify", "3", "7", "--json")).document

    assert (document["session_id"], document["task_id"], document["verdict"]) == (3, 7, "proven")
    assert [check["finding"] for check in document["checks"]] == ["holds", "holds", "noted"]
    assert document["checks"][0]["block_at"] is None
    check = document["checks"][1]
    assert (check["expected"], check["found"]) == (HASH, HASH.replace("ab", "cd"))
    assert (check["transaction_hash"], check["block_hash"]) == (HASH, HASH.replace("ab", "ef"))
    assert (check["block_number"], check["block_at"]) == (13, "2026-01-31T12:00:00.250Z")


@pytest.mark.parametrize(
    ("verdict", "word", "code"),
    [
        (ProofVerdict.PROVEN, "PROVEN: ", 0),
        (ProofVerdict.REFUTED, "REFUTED: ", 1),
        (ProofVerdict.NOT_PROVEN, "NOT PROVEN: ", 4),
    ],
)
async def test_each_verdict_has_its_exit_code(
    home: Home, node: ScriptedNode, verdict: ProofVerdict, word: str, code: int
) -> None:
    node.answers[Verify] = msgspec.structs.replace(VERIFIED, verdict=verdict)

    text, document = await home.run("verify", "3", "7"), await home.run("verify", "3", "7", "--json")

    assert (text.code, document.code) == (code, code)
    assert text.out.splitlines()[-1].startswith(word)


async def test_what_the_node_cannot_answer_is_not_a_refutation(home: Home, node: ScriptedNode) -> None:
    problem = Problem(code="not_connected", what="The node is not connected to its chain")
    node.answers[Verify] = Refused(problem)

    text, document = await home.run("verify", "3", "7"), await home.run("verify", "3", "7", "--json")

    assert (text.code, document.code) == (4, 4)
    assert "not connected" in text.err
    assert document.document["error"]["code"] == "not_connected"


async def test_wrong_use_and_no_node_keep_their_codes(home: Home) -> None:
    assert (await home.run("verify", "3")).code == 2
    assert (await home.run("verify", "3", "seven")).code == 2
    assert (await home.run("verify", "3/")).code == 2
    assert "such as 3/7" in (await home.run("verify", "3/7", "8")).err
    assert (await home.run("verify", "3", "7")).code == 3


async def test_marks_tell_findings_apart_without_colour(home: Home, node: ScriptedNode) -> None:
    checks = tuple(
        msgspec.structs.replace(VERIFIED.checks[0], finding=finding, name=finding.value)
        for finding in Finding
    )
    node.answers[Verify] = msgspec.structs.replace(VERIFIED, checks=checks)

    lines = (await home.run("verify", "3", "7")).out.splitlines()

    assert [line.split()[0] for line in lines[3:7]] == ["ok", "FAILS", "?", "-"]
