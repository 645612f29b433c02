"""The transactions: filtered, one in full with its attempts, and the explorer's link."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.transactions import TransactionsScreen
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionState
from cortensor_tui.node.history_messages import GetTransactions
from cortensor_tui.node.messages import TransactionChanged

from . import samples
from .conftest import live, shown, until
from .past import answer_history
from .scripted_node import ScriptedNode

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
        await until(pilot, lambda: "✖ reverted" in shown(app, "#report"))
        report = shown(app, "#report")
        for words in (
            "revert      the task has ended",
            "SessionQueueV2.commit(8, 2, 0x5061726973)",
            f"{EXPLORER}/tx/0x2222",
            "51,020 used of 240,000 (21%)",
            "10.0 s from sent to mined",
            "○ 1  ",
            "at most 1.5 gwei, tip 0.1 gwei",
            "the endpoint did not answer",
            "● 2  ",
        ):
            assert words in report
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query_one("#transactions").has_focus)


async def test_x_leaves_the_transactions_of_the_task_and_escape_brings_all_back(
    app: Dashboard, node: ScriptedNode
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "x")
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


async def test_the_hash_and_the_link_are_copied(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("G", "y")
        assert app.clipboard == "0x" + "22" * 32
        await pilot.press("Y")
        assert app.clipboard == f"{EXPLORER}/tx/0x" + "22" * 32


async def test_a_network_without_an_explorer_says_so(app: Dashboard, node: ScriptedNode) -> None:
    node.snapshot = msgspec.structs.replace(node.snapshot, status=samples.status())
    async with app.run_test(size=WIDE) as pilot:
        await open_transactions(pilot, app)
        await pilot.press("Y")
        assert not app.clipboard
        await until(pilot, lambda: "this network has none that is known" in shown(app, "#report"))
