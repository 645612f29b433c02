"""Writes the list in sight to a file, as far as a bound; a long past is asked for a page at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.export_file import ExportFile, FileKind
from cortensor_tui.dashboard.format import number
from cortensor_tui.dashboard.history import Ask, Side
from cortensor_tui.dashboard.history_pages import Pages
from cortensor_tui.dashboard.present.export_rows import ExportRow
from cortensor_tui.dashboard.screens.ask import Answer, AskScreen
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.domain.problems import Problem, ProblemError

MOST_EXPORTED_ROWS = 10_000
EXPORTED_TEXT_CHARS = 4_000  # of a prompt or an answer
TOLD_S = 15.0


class Exporting(Watching):
    """`E` writes the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "export", "Export", show=False, id="list.export", tooltip="List to a file"),
    ]

    def export_name(self) -> str:
        """Return what the list is called."""
        raise NotImplementedError

    async def write_rows(self, file: ExportFile) -> bool:
        """Write every row, `MOST_EXPORTED_ROWS` at most. Returns whether there was more.

        Raises `ProblemError`, or `OSError` where the file cannot be written.
        """
        raise NotImplementedError

    def action_export(self) -> None:
        """Ask what kind of file to write, and write it."""
        folder = self.dashboard.export_folder
        if folder is None:
            self.notify("No folder is known to write to.", markup=False, timeout=3)
            return
        name = self.export_name()
        question = (
            f"The {name} of this list, filtered and sorted as it is, go into a file that only you may read:"
            f" at most {number(MOST_EXPORTED_ROWS)}, without the texts of private sessions.\n\n{folder}"
        )
        answers = (
            Answer("c", "CSV", FileKind.CSV.value),
            Answer("j", "JSON lines", FileKind.JSON_LINES.value),
        )
        self.app.push_screen(AskScreen(f"Export {name}", question, answers), self._export_as)

    def _export_as(self, kind: str | None) -> None:
        if kind is not None:
            self.run_worker(self._export(FileKind(kind)), group="export", exclusive=True)

    async def _export(self, kind: FileKind) -> None:
        name = self.export_name()
        folder = self.dashboard.export_folder
        if folder is None:
            return
        self.notify(f"Writing the {name} …", markup=False, timeout=2)
        try:
            with ExportFile(folder, name, kind, self.dashboard.now()) as file:
                has_more = await self.write_rows(file)
        except ProblemError as error:
            self.dashboard.tell(error.problem)
        except OSError as error:
            self.dashboard.tell(
                Problem(
                    code="export_failed",
                    what=f"The {name} could not be written",
                    why=f"{folder}: {error.strerror}",
                    remedy="Free space on the disk, or mend the rights of the folder",
                )
            )
        else:
            first = "the first " if has_more else ""
            rows = "row" if file.count == 1 else "rows"
            title = f"Exported {first}{number(file.count)} {rows}"
            self.notify(_short(file.path), title=title, markup=False, timeout=TOLD_S)


def _short(path: Path) -> str:
    """Return a path as a shell takes it, short enough for one line of 80 columns in most homes."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


class ExportingPages(Exporting):
    """A list whose past is paged from the node."""

    def exported_list(self) -> tuple[str, Pages[Any]]:
        """Return what the list is called, and its pages with longer texts than its rows need."""
        raise NotImplementedError

    def export_row(self, item: Any) -> ExportRow:
        """Return an item as a row of a file."""
        raise NotImplementedError

    def export_name(self) -> str:
        """Return what the list is called."""
        return self.exported_list()[0]

    async def write_rows(self, file: ExportFile) -> bool:
        """Write page after page. Returns whether there was more than may be written."""
        _, pages = self.exported_list()
        ask = Ask(Side.OLDER, None, 0)
        while True:
            page = pages.page(await self.dashboard.request(pages.request(ask)))
            for entry in page.entries:
                if file.count == MOST_EXPORTED_ROWS:
                    return True
                file.write(self.export_row(entry.item))
            if page.reached is None:
                return False
            ask = Ask(Side.OLDER, page.reached, 0)
