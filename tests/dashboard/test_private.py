"""Texts of private sessions are on no screen before `p`, and on none after it was pressed again."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present.freshness import Sight as Moment
from cortensor_tui.dashboard.present.private import call_of
from cortensor_tui.dashboard.present.session_detail import SessionFacts, session_entries
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.screens.transactions import TransactionsScreen
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.domain.verification import Finding, ProofCheck, ProofVerdict, Verification
from cortensor_tui.node.history_messages import GetTasks, GetTransactions, Tasks, Transactions, Verify
from cortensor_tui.node.live_messages import TokensStreamed
from cortensor_tui.node.messages import Done, ReplyBody, RequestBody, Reveal, Snapshot
from cortensor_tui.node.redaction import Sight
from cortensor_tui.settings.model import PrivateSessions

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, refusal

SIZE = (120, 40)
HIDDEN = "hidden · p shows it"
SECRET = "PAYLOAD"
CID = "bafkrei"


def whole() -> Snapshot:
    """Return a node whose session 7 has a payload wherever one can be."""
    snapshot = samples.snapshot()
    submitted = samples.transaction(
        8,
        TransactionKind.COMMIT,
        TransactionState.MINED,
        mined_at=samples.NOW,
        call=f"SessionQueueV2.commit(7, 12, {SECRET} call)",
    )
    task = samples.task(
        13,
        Stage.ENDED,
        prompt=f"{SECRET} prompt",
        answer=f"{SECRET} answer",
        prompt_cid=f"{CID}{SECRET.lower()}",
        answer_cid=f"{CID}{SECRET.lower()}",
    )
    return msgspec.structs.replace(
        snapshot,
        tasks=(*snapshot.tasks, task),
        transactions=(*snapshot.transactions, submitted),
        live=samples.live(prompt=f"{SECRET} prompt", answer=f"{SECRET} so far"),
    )


@pytest.fixture(autouse=True)
def keeping_back(node: ScriptedNode) -> Sight:
    """Have the node keep session 7 back, as a real one would."""
    sight = Sight(PrivateSessions(frozenset({7})))
    node.snapshot = sight.of(whole())

    def reveal(body: RequestBody) -> ReplyBody:
        assert isinstance(body, Reveal)
        if body.is_hidden:
            sight.hide(body.session_id)
        else:
            sight.reveal(body.session_id)
        node.tell_anew(sight.of(whole()))
        return Done()

    node.answers[Reveal] = reveal
    node.answers[GetTasks] = lambda _: sight.of(Tasks(whole().tasks[::-1]))
    node.answers[GetTransactions] = lambda _: sight.of(Transactions(whole().transactions[::-1]))
    return sight


def drawn(app: Dashboard) -> str:
    """Return everything on the terminal."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


def has_private(app: Dashboard) -> bool:
    """Tell whether `p` has something to act on: a list is drawn before it has a row to be on."""
    screen = app.screen
    return isinstance(screen, Watching) and screen.is_whole and screen.private_texts() is not None


async def reveals_and_hides(pilot: Pilot[None], app: Dashboard) -> None:
    """Press `p` twice and look at the whole terminal in between and after."""
    assert SECRET not in drawn(app)
    assert HIDDEN in drawn(app)
    await until(pilot, lambda: has_private(app))
    await pilot.press("p")
    await until(pilot, lambda: SECRET in drawn(app) and has_private(app))
    assert HIDDEN not in drawn(app)
    await pilot.press("p")
    await until(pilot, lambda: SECRET not in drawn(app))
    assert HIDDEN in drawn(app)


async def test_the_run_on_the_dashboard(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await reveals_and_hides(pilot, app)
        assert [one for one in node.requests if isinstance(one, Reveal)] == [
            Reveal(session_id=7),
            Reveal(session_id=7, is_hidden=True),
        ]


async def test_the_run_streams_on_while_it_is_hidden(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        hidden = TokensStreamed(
            key=samples.live().key,
            text="",
            token_count=77,
            prompt_tokens=31,
            first_token_ms=83.4,
            tokens_per_s=41.2,
        )
        await node.change(hidden)
        await until(pilot, lambda: "77 tok" in shown(app, "#figures"))
        assert HIDDEN in shown(app, "#answer")


@pytest.mark.parametrize("keys", [["3"], ["3", "enter"]], ids=["list of tasks", "task"])
async def test_tasks(app: Dashboard, keys: list[str]) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: HIDDEN in drawn(app))
        await reveals_and_hides(pilot, app)


async def test_content_ids_say_that_they_are_hidden_and_how_to_see_them(app: Dashboard) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("3", "enter")
        await until(pilot, lambda: "answer CID" in drawn(app))
        lines = [line for line in drawn(app).splitlines() if " CID " in line]
        assert len(lines) == 2
        assert all(HIDDEN in line for line in lines)
        await until(pilot, lambda: has_private(app))
        await pilot.press("p")
        await until(pilot, lambda: drawn(app).count(f"{CID}{SECRET.lower()}") == 2)


async def test_a_proof_says_what_of_it_is_hidden(
    app: Dashboard, node: ScriptedNode, keeping_back: Sight
) -> None:
    def proof(body: RequestBody) -> ReplyBody:
        assert isinstance(body, Verify)
        check = ProofCheck(
            name="prompt", title="the prompt's file", finding=Finding.HOLDS, expected=f"{CID}{SECRET.lower()}"
        )
        return keeping_back.of(
            Verification(
                key=body.key,
                node_address=samples.NODE,
                chain_id=31337,
                queue_address=samples.QUEUE,
                verdict=ProofVerdict.PROVEN,
                summary="",
                checks=(check,),
            )
        )

    node.answers[Verify] = proof
    async with app.run_test(size=(120, 80)) as pilot:
        await live(pilot)
        await pilot.press("3", "enter")
        await until(pilot, lambda: has_private(app))
        await pilot.press("v")
        await until(pilot, lambda: "the prompt's file" in drawn(app))
        after = drawn(app).partition("the prompt's file")[2].splitlines()[1]
        assert HIDDEN in after
        assert SECRET.lower() not in drawn(app)


async def test_on_a_call_without_texts_p_turns_its_session_round(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("4", "j", "j")
        await until(pilot, lambda: has_private(app) and kind_in_sight(app) is TransactionKind.ACK)
        await pilot.press("p")
        await until(pilot, lambda: not hides_session(app))
        await pilot.press("p")
        await until(pilot, lambda: hides_session(app))
        await pilot.press("p")
        await until(pilot, lambda: not hides_session(app))
        assert [one.is_hidden for one in reveals(node)] == [False, True, False]


def reveals(node: ScriptedNode) -> list[Reveal]:
    return [body for body in node.requests if isinstance(body, Reveal)]


def hides_session(app: Dashboard) -> bool:
    view = app.view
    session = view.session(7) if view is not None else None
    return session is not None and session.is_hidden


def kind_in_sight(app: Dashboard) -> TransactionKind | None:
    screen = app.screen
    one = screen.transaction_in_sight() if isinstance(screen, TransactionsScreen) else None
    return None if one is None else one.kind


def test_the_cause_of_a_missed_task_is_no_private_text() -> None:
    missed = samples.task(14, Stage.MISSED, prompt=SECRET, note="the deadline went by")
    hidden = Sight(PrivateSessions(frozenset({7}))).of(Tasks((missed,))).tasks
    session = samples.sessions()[0]
    facts = SessionFacts(view=session, node=samples.NODE, tasks=hidden)
    [line] = [one for one in session_entries(facts, Moment(samples.NOW)) if one.opens == f"task:{missed.key}"]
    assert "the deadline went by" in line.text
    assert HIDDEN not in line.text


def test_a_hidden_call_of_which_nothing_is_known_is_no_unknown_one() -> None:
    hidden = samples.transaction(8, TransactionKind.COMMIT, TransactionState.MINED, call="", is_hidden=True)
    assert call_of(hidden) == HIDDEN


async def test_the_arguments_of_a_call(app: Dashboard) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("4", "enter")
        await until(pilot, lambda: HIDDEN in drawn(app))
        assert "SessionQueueV2.commit(…)" in drawn(app)
        await reveals_and_hides(pilot, app)


async def test_what_is_not_private_is_not_asked_for(app: Dashboard, node: ScriptedNode) -> None:
    node.snapshot = samples.snapshot()
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "Nothing private is in sight." in drawn(app))
        assert not [one for one in node.requests if isinstance(one, Reveal)]


async def test_a_refused_reveal_says_why(app: Dashboard, node: ScriptedNode) -> None:
    node.answers[Reveal] = lambda _: refusal("busy", "Too many requests at once")
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "Too many requests at once" in drawn(app))
        assert SECRET not in drawn(app)


async def test_copying_hidden_text_copies_nothing_and_says_so(
    app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        monkeypatch.setattr(app.screen, "copy_text", lambda: (HIDDEN, "answer"))
        await pilot.press("y")
        await until(pilot, lambda: "Nothing was copied" in drawn(app))
        assert app.clipboard == ""


async def test_a_lost_node_leaves_nothing_revealed_behind(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("p")
        await until(pilot, lambda: SECRET in drawn(app))
        node.snapshot = Sight(PrivateSessions(frozenset({7}))).of(whole())
        await pilot.press("r")  # a new connection has asked for nothing yet
        await until(pilot, lambda: SECRET not in drawn(app))
        assert HIDDEN in drawn(app)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["panel", "beside"])
async def test_a_session_s_tasks(app: Dashboard, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await live(pilot)
        await pilot.press("2")
        await until(pilot, lambda: bool(app.screen.query("#session")))
        await pilot.press("enter")
        await until(pilot, lambda: "withheld · p shows them" in drawn(app))
        await until(pilot, lambda: HIDDEN in drawn(app))
        await reveals_and_hides(pilot, app)
