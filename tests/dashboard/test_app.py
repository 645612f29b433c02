"""What a person sees and does, with the keys they would press."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.key_actions import KeyActions
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.screens.help import HelpScreen
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.dashboard.screens.overview import OverviewScreen
from cortensor_tui.dashboard.screens.session_panel import SessionPanel
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.live_messages import InferenceStarted, TokensStreamed
from cortensor_tui.node.messages import (
    StatusChanged,
    TransactionChanged,
)

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)


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
            7,
            TransactionKind.PRECOMMIT,
            TransactionState.MINED,
            mined_at=samples.NOW,
            fee_wei="123000000000000",
        )
        await node.change(TransactionChanged(mined))
        await until(pilot, lambda: "0.000123 ether  ● mined" in shown(app, "#transactions"))
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
        unknown = {"head": "unknown", "gas": "its balance is", "registry": "not read yet", "tasks": "unknown"}
        for name, said in unknown.items():
            assert f"○ {name:9}{said}" in told
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


async def test_below_the_least_size_the_verdict_is_shown(app: Dashboard) -> None:
    async with app.run_test(size=(50, 12)) as pilot:
        await until(pilot, lambda: "● SERVING" in shown(app, "#too-small"))
        assert "At 60x16 and more: Dashboard" in shown(app, "#too-small")
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
