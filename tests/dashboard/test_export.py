"""The list in sight as a file: all of it, private to its owner, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.export_file import ExportFile, FileKind
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.present.export_rows import exported_task, exported_transaction
from cortensor_tui.dashboard.screens import exporting
from cortensor_tui.dashboard.screens.sessions import SessionsScreen
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.node.history_messages import GetTasks

from . import samples
from .conftest import live, shown, until
from .past import answer_history, retried
from .scripted_node import ScriptedNode, refusal

SIZE = (80, 24)


@pytest.fixture
def app(node: ScriptedNode, tmp_path: Path) -> Dashboard:
    answer_history(node)
    return Dashboard(
        node.connect, now=lambda: samples.NOW, options=Options(exports=tmp_path / "own" / "exports")
    )


async def exported(pilot: Pilot[None], app: Dashboard, tmp_path: Path, *keys: str) -> Path:
    """Press the keys in the list of tasks and return the file that was written."""
    await live(pilot)
    await pilot.press("3")
    await until(pilot, lambda: isinstance(app.screen, TasksScreen) and "8/2" in shown(app, "#tasks"))
    await pilot.press(*keys)
    await until(pilot, lambda: "Exported" in told(app))
    [path] = (tmp_path / "own" / "exports").iterdir()
    assert str(path) in told(app)
    return path


def told(app: Dashboard) -> str:
    toast = app.toasts.shown
    return "" if toast is None else f"{toast.title}: {toast.text}"


async def test_csv_has_every_task_in_the_order_of_the_list(app: Dashboard, tmp_path: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        path = await exported(pilot, app, tmp_path, "R", "E", "c")
        assert "Exported 13 rows: " in told(app)
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert [f"{row['session']}/{row['task']}" for row in rows] == ["8/2", *(f"7/{n}" for n in range(1, 13))]
    assert {row["is_private"] for row in rows} == {"false"}
    assert rows[0]["note"].startswith("the task ended")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_json_lines_have_what_the_filter_wants(app: Dashboard, tmp_path: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        path = await exported(pilot, app, tmp_path, "slash", *"missed", "enter", "E", "j")
        assert "Exported 1 row: " in told(app)
    [row] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert (row["session"], row["task"], row["stage"], row["answer"]) == (8, 2, "missed", None)
    assert row["is_private"] is False


async def test_no_more_is_written_than_may_be(
    app: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_EXPORTED_ROWS", 5)
    async with app.run_test(size=SIZE) as pilot:
        path = await exported(pilot, app, tmp_path, "E", "j")
        assert "Exported the first 5 rows: " in told(app)
    assert len(path.read_text("utf-8").splitlines()) == 5


async def test_a_node_that_refuses_leaves_no_file(app: Dashboard, node: ScriptedNode, tmp_path: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen) and "8/2" in shown(app, "#tasks"))
        node.answers[GetTasks] = lambda _: refusal("busy", "The node has too many questions")
        await pilot.press("E", "c")
        await until(pilot, lambda: "too many questions" in told(app))
    assert list((tmp_path / "own" / "exports").iterdir()) == []


async def test_a_folder_that_cannot_be_written_is_told(app: Dashboard, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("a file where the folder should be")
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen) and app.screen.is_whole)
        await pilot.press("E", "c")
        await until(pilot, lambda: "could not be written" in told(app))


def test_a_strangers_text_is_no_formula_and_moves_no_cursor(tmp_path: Path) -> None:
    task = msgspec.structs.replace(samples.ended_task(3), prompt="=HYPERLINK(1)", answer="\x1b[2Jgone\nnext")
    with ExportFile(tmp_path, "tasks", FileKind.CSV, samples.NOW) as file:
        file.write(exported_task(task))
    text = file.path.read_text("utf-8")
    assert "\x1b" not in text
    [row] = csv.DictReader(text.splitlines())
    assert row["prompt"] == "'=HYPERLINK(1)"


def test_two_files_of_one_second_are_two(tmp_path: Path) -> None:
    names = set()
    for _ in range(2):
        with ExportFile(tmp_path, "tasks", FileKind.JSON_LINES, samples.NOW) as file:
            file.write({"a": 1})
        names.add(file.path.name)
    assert len(names) == 2


@pytest.mark.parametrize("is_hidden", [True, False])
def test_what_is_private_is_not_in_the_file_even_where_it_was_shown(is_hidden: bool) -> None:
    task = msgspec.structs.replace(
        samples.ended_task(3), is_private=True, is_hidden=is_hidden, prompt_cid="cid", note="0x" + "ab" * 200
    )
    row = exported_task(task)
    assert (row["prompt"], row["answer"], row["prompt_cid"], row["is_private"]) == (None, None, None, True)
    assert "ab" * 200 not in str(row["note"])
    sent = exported_transaction(retried(), is_private=True)
    assert (sent["call"], sent["is_private"]) == ("SessionQueueV2.commit", True)


async def test_sessions_are_written_as_they_are_filtered_and_sorted(app: Dashboard, tmp_path: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("2")
        await until(
            pilot, lambda: isinstance(app.screen, SessionsScreen) and "harbour" in shown(app, "#sessions")
        )
        await pilot.press("slash", *"mine", "enter", "S", "R", "E", "j")
        await until(pilot, lambda: "Exported 3 rows: " in told(app))
    [path] = (tmp_path / "own" / "exports").iterdir()
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [row["session"] for row in rows] == [3, 7, 8]
    assert rows[1]["dedicated_nodes"] == samples.NODE


async def test_a_path_in_the_users_home_is_whole_in_80_columns(
    app: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await live(pilot)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen) and app.screen.is_whole)
        await pilot.press("E", "c")
        await until(pilot, lambda: "Exported 13 rows: ~/own/exports/tasks-" in shown(app, "KeyBar"))
        assert ".csv" in shown(app, "KeyBar")
