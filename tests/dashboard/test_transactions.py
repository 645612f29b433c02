"""The transactions: filtered, one in full with its attempts, and the explorer's link."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present.call_lines import ToldCall
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.transaction_report import report_lines
from cortensor_tui.dashboard.screens.transaction_panel import TransactionPanel
from cortensor_tui.dashboard.screens.transactions import TransactionsScreen
from cortensor_tui.dashboard.screens.whole_text import WholeTextScreen
from cortensor_tui.dashboard.stops import Stop
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.call_messages import GetCall
from cortensor_tui.node.history_messages import GetTransactions
from cortensor_tui.node.messages import TransactionChanged

from . import samples
from .conftest import live, shown, until
from .past import ANSWER, answer_history, call_of, retried
from .scripted_node import ScriptedNode, refusal

SMALL, WIDE = (80, 24), (160, 48)
EXPLORER = "https://explorer.example"


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past, on a network with an explorer."""
    status = node.snapshot.status
    chain = msgspec.structs.replace(status.chain, explorer=EXPLORER)
    node.snapshot = msgspec.structs.replace(
        node.snapshot, status=msgspec.structs.replace(status, chain=chain)
    )
    answer_history(node)


async def open_transactions(pilot: Pilot[None], app: Dashboard) -> None:
    await live(pilot)
    await pilot.press("4")
    await until(
        pilot,
        lambda: (
            isinstance(app.screen, TransactionsScreen)
            and app.screen.is_whole
            and "8/2" in shown(app, "#transactions")
        ),
    )


def rows(app: Dashboard) -> list[str]:
    return [row for row in shown(app, "#transactions").split("\n")[1:] if row.strip()]


async def test_the_list_is_what_the_feed_tells_and_what_the_journal_has(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        assert len(rows(app)) == 8
        assert "precommit" in rows(app)[0]
        assert "1 pending · 8, newest first" in shown(app, "#list > Heading")


async def test_a_transaction_shows_its_call_its_revert_and_every_attempt(app: Dashboard) -> None:
    async with app.run_test(size=(100, 60)) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "taskId" in shown(app, "#report"))
        report = shown(app, "#report")
        for words in (
            "revert      the task has ended",
            "SessionQueueV2.commit",
            "sessionId  8",
            "taskId     2",
            "data       Paris is the capital",
            "… 1,280 characters, enter reads on",
            "calldata    0x6ffd0b74…  1,284 bytes, Y copies them",
            f"{EXPLORER}/tx/0x2222",
            "51,020 used of 240,000 (21 %)",
            "10.0 s from sent to mined",
            ".000 UTC    +10.000 s",
            "○ 1  ",
            "at most 1.5 gwei, tip 0.1 gwei",
            "the endpoint did not answer",
            "● 2  ",
        ):
            assert words in report
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query_one("#transactions").has_focus)


def times_of(one: Transaction) -> list[str]:
    """Return what the report of a transaction says of its times."""
    lines = report_lines(one, ToldCall(), "", Sight(samples.NOW), 80)
    told = ["".join(span.text for span in text) for text in lines if not isinstance(text, Stop)]
    return [text.strip() for text in told if text.strip().startswith(("signed", "sent", "mined"))]


def test_of_what_another_program_sent_only_its_block_is_known() -> None:
    seen = samples.transaction(
        1, TransactionKind.ACK, TransactionState.MINED, created_at=samples.NOW, mined_at=samples.NOW
    )
    signed, sent, mined = times_of(seen)
    assert (signed.split(), sent.split()) == (["signed", "–"], ["sent", "–"])
    assert mined.endswith("UTC")
    own = samples.transaction(2, TransactionKind.ACK, TransactionState.SIGNED)
    assert times_of(own)[0].endswith("UTC"), "it is signed and not sent yet"
    assert times_of(retried())[0].endswith("UTC")


async def test_x_leaves_the_transactions_of_the_task_and_escape_brings_all_back(
    app: Dashboard, node: ScriptedNode
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "T")
        await until(pilot, lambda: len(rows(app)) == 1)
        asked = [body for body in node.requests if isinstance(body, GetTransactions)]
        assert asked[-1].task == TaskKey(8, 2)
        await pilot.press("escape")
        await until(pilot, lambda: len(rows(app)) == 8)


async def says(pilot: Pilot[None], app: Dashboard, words: str) -> None:
    """Wait for the list to say this of itself."""
    await until(pilot, lambda: words in shown(app, "#list > Heading"))


async def test_s_and_r_sort_by_wait_and_fee(app: Dashboard) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_transactions(pilot, app)
        for column, words in (
            ("wait", "longest wait first"),
            ("fee", "highest fee first"),
            ("age", "newest first"),
        ):
            await pilot.press("S")
            await says(pilot, app, f"8, {words}")
            assert f"{column}▼" in shown(app, "#transactions") or f"{column}▲" in shown(app, "#transactions")
            if column == "wait":
                await until(pilot, lambda: "…" in rows(app)[0])
                assert "10.0 s" in rows(app)[1], "what waits still stands before the longest wait"
        await pilot.press("R")
        await until(pilot, lambda: "8/2" in rows(app)[0])
        assert "oldest first" in shown(app, "#list > Heading")


async def test_a_filter_of_states_follows_what_happens(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("slash", *"pending", "enter")
        await until(pilot, lambda: len(rows(app)) == 1)
        sent = next(one for one in node.snapshot.transactions if one.state is TransactionState.SENT)
        mined = msgspec.structs.replace(sent, state=TransactionState.MINED, block_number=1200)
        await node.change(TransactionChanged(mined))
        await until(pilot, lambda: "No transaction matches" in shown(app, "#transactions"))


async def test_the_hash_the_link_and_the_calldata_are_copied(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "y")
        assert app.clipboard == "0x" + "22" * 32
        await pilot.press("L")
        assert app.clipboard == f"{EXPLORER}/tx/0x" + "22" * 32
        await pilot.press("Y")
        await until(pilot, lambda: app.clipboard == call_of(retried()).calldata)


async def test_calldata_too_long_for_the_clipboard_is_not_copied_in_part(
    app: Dashboard, node: ScriptedNode
) -> None:
    huge = msgspec.structs.replace(call_of(retried()), calldata="0x" + "00" * 40_000, calldata_bytes=40_000)
    node.answers[GetCall] = lambda _: huge
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("Y")
        await until(pilot, lambda: app.toasts.shown is not None and "too many" in app.toasts.shown.text)
        assert not app.clipboard


async def test_y_copies_what_the_cursor_is_on_in_the_detail(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "taskId" in shown(app, "#report"))
        copied = []
        for _ in range(7):
            await pilot.press("y", "j")
            copied.append(app.clipboard)
        assert copied[:6] == [
            "the task has ended",
            "8",
            "2",
            ANSWER,
            call_of(retried()).calldata,
            samples.STRANGER,
        ]


async def test_enter_reads_a_long_argument_whole(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "taskId" in shown(app, "#report"))
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, WholeTextScreen) and "uint256" in text(app))
        assert "data  (string)" in text(app)
        await pilot.press("G")
        await until(pilot, lambda: text(app).rstrip().endswith(call_of(retried()).calldata[-20:]))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen.query_one("#transactions").has_focus)


def text(app: Dashboard) -> str:
    """Return the page that is read, nothing before it is there."""
    return shown(app, "#text") if app.screen.query("#text") else ""


async def test_a_call_that_was_not_kept_says_so_beside_what_the_list_has(
    app: Dashboard, node: ScriptedNode
) -> None:
    node.answers[GetCall] = lambda _: refusal("call_unknown", "What this transaction called was not kept")
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "was not kept" in shown(app, "#report"))
        assert "SessionQueueV2.commit(8, 2, 0x5061726973)" in shown(app, "#report")


async def test_a_task_leads_to_its_transactions_and_they_lead_back(app: Dashboard) -> None:
    async with app.run_test(size=(100, 60)) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("3")
        await until(pilot, lambda: has(app, "#tasks", "8/2"))
        await pilot.press("G", "enter")
        await until(pilot, lambda: "✖ reverted" in shown(app, "#report"))
        report = app.screen.query_one(Report)
        while report.current is None or "hash of the commit" not in report.current.name:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TransactionPanel) and has(app, "#report", "taskId"))
        await pilot.press("escape")
        await until(pilot, lambda: has(app, "#tasks", ""))


def has(app: Dashboard, selector: str, words: str) -> bool:
    """Tell whether a widget is there and shows the words."""
    return words in shown(app, selector) if app.screen.query(selector) else False


async def test_a_network_without_an_explorer_says_so(app: Dashboard, node: ScriptedNode) -> None:
    node.snapshot = msgspec.structs.replace(node.snapshot, status=samples.status())
    async with app.run_test(size=WIDE) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("L")
        assert not app.clipboard
        await until(pilot, lambda: "this network has none that is known" in shown(app, "#report"))
