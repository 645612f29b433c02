"""What a person sees and does, with the keys they would press."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.widgets import Button, Input, Select, TextArea

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.key_actions import KeyActions
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.screens.help import HelpScreen
from cortensor_tui.dashboard.screens.new_session import NewSessionScreen
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.dashboard.screens.overview import OverviewScreen
from cortensor_tui.dashboard.screens.session_panel import SessionPanel
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.startup import StartupBoard, StepState
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.live_messages import InferenceStarted, TokensStreamed
from cortensor_tui.node.messages import (
    ReplyBody,
    RequestBody,
    SessionsChanged,
    StatusChanged,
    TransactionChanged,
)
from cortensor_tui.node.owner_messages import (
    Assign,
    AssignmentChecked,
    Check,
    CheckAssignment,
    CreateSession,
    Sent,
    Submit,
)

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, refusal

SMALL = (80, 24)


def answer_checks(node: ScriptedNode, is_owner: bool | None = True) -> None:
    """Have the node answer checks; whether the owner is known decides whether all are met."""

    def checked(body: RequestBody) -> ReplyBody:
        assert isinstance(body, CheckAssignment)
        checks = (
            Check(name="session exists", is_met=True, detail=f"session {body.session_id}"),
            Check(name="you own it", is_met=is_owner, detail="owned by \x1b[31msomeone"),
        )
        return AssignmentChecked(
            checks=checks,
            node_address=body.node_address,
            call=f"addDedicatedNode({body.session_id}, {body.node_address})",
            contract="0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
            calldata="0x7fcbee08",
            fee_wei="123000000000000",
            gas_limit=120_000,
        )

    node.answers[CheckAssignment] = checked


def asked(node: ScriptedNode, kind: type[RequestBody]) -> list[RequestBody]:
    return [body for body in node.requests if isinstance(body, kind)]


async def test_everything_is_on_one_screen_at_80x24(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert "9.9987 ether · ≈ 19,500 tasks left" in shown(app, "#status")
        assert "0x7099…79C8 · 98 % gas left today" in shown(app, "#status")
        assert "head     1,204 · now" in shown(app, "#status")
        assert "● served" in shown(app, "#sessions")
        assert "✖ refused: it" in shown(app, "#sessions")
        assert "they have become" in shown(app, "#answer").replace("\n", "")
        assert "first token 83 ms" in shown(app, "#figures")
        assert "▲ sent" in shown(app, "#transactions")


async def test_tokens_stream_into_the_answer(node: ScriptedNode, app: Dashboard) -> None:
    key = TaskKey(7, 13)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(InferenceStarted(samples.live(key=key, answer="", token_count=0)))
        await until(pilot, lambda: "task 7/13" in "".join(h for h in _headings(app)))
        for word in ("Because ", "rivers ", "carry \x1b[2Jsalt"):
            await node.change(_tokens(key, word))
        await until(pilot, lambda: "Because rivers carry ␛[2Jsalt" in shown(app, "#answer"))


async def test_a_transaction_moves_from_sent_to_mined(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        mined = samples.transaction(
            7, TransactionKind.PRECOMMIT, TransactionState.MINED, mined_at=samples.NOW, gas_used=92_001
        )
        await node.change(TransactionChanged(mined))
        await until(pilot, lambda: "92,001  ● mined" in shown(app, "#transactions"))
        assert "▲ sent" not in shown(app, "#transactions")


async def test_a_blocked_node_says_why_and_what_to_do_until_it_is_mended(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        assert "Send a little" in shown(app, "#verdict")
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: "● SERVING" in shown(app, "#verdict"))
        assert "Send a little" not in shown(app, "#verdict")


async def test_unknown_is_never_shown_as_zero(node: ScriptedNode, app: Dashboard) -> None:
    node.snapshot = samples.empty_snapshot()
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "WAITING" in shown(app, "#verdict"))
        told = shown(app, "#status")
        for name in ("head", "gas", "registry", "tasks"):
            assert f"○ {name:9}unknown" in told
        assert "Unknown until the chain is read" in shown(app, "#sessions")
        assert "Unknown until the chain is read" in shown(app, "#transactions")


async def test_a_lost_node_keeps_the_last_view_marked_as_old(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.stop()
        await until(pilot, lambda: "✖ UNREACHABLE" in shown(app, "#verdict"))
        assert "0 s old · again in 1 s" in shown(app, "#verdict")
        assert "harbour pilot" in shown(app, "#sessions")
        assert "○ was served" in shown(app, "#sessions")
        assert not app.screen.has_class("-old"), "it is dim only after a while"


async def test_binding_a_node_by_hand(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    mined = samples.transaction(
        8, TransactionKind.BIND, TransactionState.MINED, task_key=None, block_number=1210, gas_used=84_311
    )
    node.answers[Assign] = lambda body: Sent(transaction=mined, session_id=8)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("j", "a")
        await until(pilot, lambda: isinstance(app.screen, AssignScreen))
        confirm = app.screen.query_one("#confirm", Button)
        await until(pilot, lambda: not confirm.disabled)
        assert app.screen.query_one("#session", Select).value == 8, "the session under the cursor"
        assert app.screen.query_one("#node", Input).value == samples.NODE, "this node"
        assert "✓ session exists" in shown(app, "#checks")
        assert "at most 0.000123 ether" in shown(app, "#checks")
        assert not asked(node, Assign), "nothing is sent before it is confirmed"
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: "● mined" in shown(app, "#outcome"))
        assert "block 1,210" in shown(app, "#outcome")
        assert asked(node, Assign) == [Assign(session_id=8, node_address=samples.NODE)]
        assert confirm.disabled, "one form sends once"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


@pytest.mark.parametrize(("is_owner", "mark"), [(False, "✖"), (None, "?")])
async def test_a_check_that_is_not_met_keeps_the_button_off(
    node: ScriptedNode, app: Dashboard, is_owner: bool | None, mark: str
) -> None:
    answer_checks(node, is_owner)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: f"{mark} you own it" in shown(app, "#checks"))
        assert "owned by ␛[31msomeone" in shown(app, "#checks"), "the node's words are inert"
        assert app.screen.query_one("#confirm", Button).disabled
        await pilot.press("f10")
        await pilot.pause()
        assert not asked(node, Assign)


async def test_an_address_that_is_none_is_said_without_asking_the_node(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        before = len(asked(node, CheckAssignment))
        await pilot.press("tab", "end", "backspace")
        await until(pilot, lambda: "40 hexadecimal digits" in shown(app, "#checks"))
        assert app.screen.query_one("#confirm", Button).disabled
        assert len(asked(node, CheckAssignment)) == before


async def test_unbinding_asks_for_the_removal(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    node.answers[Assign] = lambda body: refusal(
        "reverted", "The chain refused it", "not the owner", "Use the owner's key"
    )
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("u")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        await pilot.press("f10")
        await until(pilot, lambda: "✖ The chain refused it" in shown(app, "#outcome"))
        assert "Use the owner's key" in shown(app, "#outcome")
        assert asked(node, Assign) == [Assign(session_id=7, node_address=samples.NODE, unbind=True)]


async def test_a_pending_transaction_is_shown_while_its_answer_is_awaited(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        form = app.screen
        assert isinstance(form, AssignScreen)
        form._asked_at = samples.NOW
        sent = samples.transaction(
            8, TransactionKind.BIND, TransactionState.SENT, task_key=None, created_at=samples.NOW
        )
        await node.change(TransactionChanged(sent))
        await until(pilot, lambda: "▲ sent" in shown(app, "#outcome"))


async def test_creating_a_session(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(8, TransactionKind.CREATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[CreateSession] = lambda body: Sent(transaction=mined, session_id=10)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        await pilot.press("f10")
        await until(pilot, lambda: "has no name" in shown(app, "#outcome"))
        await pilot.press(*"quay")
        app.screen.query_one("#max_nodes", Input).value = "many"
        await pilot.press("f10")
        await until(pilot, lambda: "Most nodes is many" in shown(app, "#outcome"))
        app.screen.query_one("#max_nodes", Input).value = "2"
        await pilot.press("f10")
        await until(pilot, lambda: "Session 10 exists" in shown(app, "#outcome"))
        assert asked(node, CreateSession) == [CreateSession(name="quay", max_nodes=2)]


async def test_submitting_a_prompt(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(8, TransactionKind.SUBMIT, TransactionState.MINED, task_key=TaskKey(7, 13))
    node.answers[Submit] = lambda body: Sent(transaction=mined, task_key=TaskKey(7, 13))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("s")
        await until(pilot, lambda: bool(app.screen.query(TextArea)))
        await pilot.press(*"why?", "enter", *"q", "f10")
        await until(pilot, lambda: "Task 7/13 is queued" in shown(app, "#outcome"))
        assert asked(node, Submit) == [Submit(session_id=7, prompt="why?\nq")]


async def test_letters_in_a_form_are_text_and_escape_goes_back_one_level(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        await pilot.press(*"qa?t")
        assert app.screen.query_one("#name", Input).value == "qa?t"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        assert app.screen.query_one("#name", Input).value == "qa?t", "nothing typed is lost unasked"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        await pilot.press("escape")
        await pilot.pause()
        assert app.is_running


async def test_enter_opens_what_is_under_the_cursor(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionPanel))
        assert samples.NODE in shown(app, "#entries")
        await pilot.press("escape", "tab", "enter")
        await until(pilot, lambda: "precommit" in shown(app, "#report"))


async def test_the_cursor_stays_on_its_row_as_rows_arrive(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        table = app.screen.query_one("#transactions", LineTable)
        await pilot.press("tab", "j", "j")
        assert table.current is not None
        chosen = table.current.key
        await node.change(
            TransactionChanged(samples.transaction(8, TransactionKind.COMMIT, TransactionState.SIGNED))
        )
        await until(pilot, lambda: table.row_count == 8)
        assert table.current.key == chosen
        await pilot.press("G")
        assert table.current.key == "1"
        await pilot.press("g")
        assert table.current.key == "8"


async def test_a_form_is_for_the_session_that_had_the_cursor_however_the_list_has_moved(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    seven, eight, nine, three = samples.sessions()
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        table = app.screen.query_one("#sessions", LineTable)
        for first in (nine, three):
            others = tuple(one for one in (seven, eight, nine, three) if one is not first)
            await node.change(SessionsChanged((first, *others)))
            at_top = str(first.session.session_id)
            await until(pilot, lambda at_top=at_top: table.row_at(0).key == at_top)  # type: ignore[misc]
            assert table.current is not None
            assert table.current.key == "7", "also at the top it stays with its session"
        await pilot.press("j")
        await node.change(SessionsChanged((eight, seven, nine, three)))
        await until(pilot, lambda: table.row_at(0).key == "8")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AssignScreen))
        assert app.screen.query_one("#session", Select).value == 8
        assert "to session 8  to bind by hand" in str(app.screen.query_one("#panel").border_title)


async def test_y_copies_the_hash_and_says_so(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("tab", "y")
        newest = samples.transactions()[-1].hash
        await until(pilot, lambda: f"Copied the hash: {newest[:50]}" in shown(app, "KeyBar"))
        assert app.clipboard == newest


async def test_help_lists_every_key_and_any_key_closes_it(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = shown(app, "#panel TextLines")
        for keys in ("ctrl+p", "pgdn ctrl+d", " tab ", " q ", " 3 t "):
            assert keys in text
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


async def test_every_binding_of_ours_has_an_id_and_a_tooltip() -> None:
    for owner in (KeyActions, OverviewScreen, TasksScreen, DetailScreen, AssignScreen, LineTable):
        for binding in vars(owner).get("BINDINGS", ()):
            assert binding.id, binding
            assert binding.tooltip, binding


async def test_it_ends_by_itself_after_its_time(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, owns_node=True, run_seconds=0.05, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app._exit)
    assert app.return_code == 0


async def test_the_steps_of_starting_are_shown_as_they_happen(node: ScriptedNode) -> None:
    await node.stop()
    board = StartupBoard(("chain", "contracts", "model"))
    app = Dashboard(node.connect, board=board, owns_node=True, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        board.update("chain", StepState.DONE, "embedded, 31337")
        board.update("contracts", StepState.RUNNING, "deploying SessionV2")
        await until(pilot, lambda: "▲ contracts" in shown(app, "#waiting"))
        assert "● chain" in shown(app, "#waiting")
        assert "○ model" in shown(app, "#waiting")
        board.fail(
            Problem(
                code="x", what="The contracts could not be deployed", why="out of gas", remedy="Try again"
            )
        )
        await until(pilot, lambda: "✖ contracts" in shown(app, "#waiting"))
        assert "out of gas" in shown(app, "#waiting")
        await node.start()
        app.action_reconnect()
        await live(pilot)


async def test_a_node_can_be_started_where_none_runs(node: ScriptedNode) -> None:
    await node.stop()
    app = Dashboard(node.connect, start_node=node.start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Press o to start a node" in shown(app, "#waiting"))
        await pilot.press("o")
        await live(pilot)


async def test_a_node_that_has_gone_can_be_started_again(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, start_node=node.start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.stop()
        await until(pilot, lambda: "✖ UNREACHABLE" in shown(app, "#verdict"))
        await pilot.press("o")
        await live(pilot)


async def test_a_bad_theme_falls_back_with_a_word(node: ScriptedNode, tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "broken.toml").write_text("[colors]\nprimary = 'no color'\n")
    options = Options(theme="no-such", folder=tmp_path)
    app = Dashboard(node.connect, options=options, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert app.theme == "harbour"
        assert "▲ Themes: broken.toml:2: primary" in shown(app, "KeyBar")
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        assert "There is no theme no-such" in shown(app, "#document")


async def test_below_the_least_size_one_sentence_is_shown(app: Dashboard) -> None:
    async with app.run_test(size=(50, 12)) as pilot:
        await until(pilot, lambda: app.view is not None)
        await pilot.pause()
        assert "at least 60x16" in shown(app, "#too-small").replace("\n", " ")
        assert app.screen.query_one("#place").display  # it keeps the focus


async def test_equal_values_repaint_nothing(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.pause()
        repainted: list[object] = []
        for widget in app.screen.query("LineView"):
            widget.refresh = lambda *regions, **_: repainted.append(regions)  # type: ignore[method-assign,assignment]
        assert isinstance(app.screen, OverviewScreen)
        app.screen.take(msgspec.structs.replace(app.feed_state))
        app.screen.tick()
        assert repainted == []


def _headings(app: Dashboard) -> list[str]:
    return [heading.render_line(0).text for heading in app.screen.query("Heading")]


def _tokens(key: TaskKey, text: str) -> TokensStreamed:
    return TokensStreamed(
        key=key, text=text, token_count=2, prompt_tokens=31, first_token_ms=80.0, tokens_per_s=40.0
    )
