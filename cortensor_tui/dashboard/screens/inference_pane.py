"""The pane of the runs going on: one is streamed, the others have a line each."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.present import inference
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.answer_tail import AnswerTail
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines
from cortensor_tui.domain.tasks import TaskKey

_MOST_OTHERS = 3
"""Lines for other runs, where there is room: the answer needs it more."""


class InferencePane(Vertical):
    """Streams the newest run, or the one that was chosen for as long as it is there."""

    def __init__(self) -> None:
        super().__init__(id="inference-pane", classes="pane")
        self._chosen: TaskKey | None = None
        self._now = 0.0
        self.view: NodeView | None = None
        """What is shown, with the streamed run as its `live`."""

    def compose(self) -> ComposeResult:
        """Build the prompt, the answer as it comes, its figures, and the other runs."""
        yield Heading("Inference")
        yield TextLines(lambda width: inference.prompt_line(self.view, width), id="prompt")
        yield AnswerTail(id="answer")
        yield TextLines(self._figures, id="figures")
        yield TextLines(self._other_runs, id="runs")

    def show(self, view: NodeView, sight: Sight) -> None:
        """Bring all of it up to date."""
        self.view, self._now = view.showing(self._chosen), sight.at
        for name in ("#prompt", "#figures", "#runs"):
            self.query_one(name, TextLines).redraw()
        live = self.view.live
        self.query_one(AnswerTail).show(
            str(live.key) if live else "",
            live.answer if live else "",
            inference.nothing_to_read(live, is_watching=view.status.is_watching),
            is_whole=live is not None and (live.finished is not None or sight.is_past),
        )

    def say(self, sight: Sight) -> None:
        """Say in the title how the streamed run goes."""
        self.query_one(Heading).say(sight.line(inference.heading(self.view, sight.at)))

    def catch_up(self) -> None:
        """Draw at once what is shown next."""
        self.query_one(AnswerTail).catch_up()

    def choose_next(self) -> bool:
        """Stream the next run of those going on, after the oldest the newest again, whichever that is then.

        Returns False where there is no other.
        """
        view = self.view
        keys = [] if view is None else [run.key for run in reversed(view.going_on)]
        shown = None if view is None or view.live is None else view.live.key
        if not keys or keys == [shown]:
            return False
        place = keys.index(shown) + 1 if shown in keys else 0
        self._chosen = keys[place] if 0 < place < len(keys) else None
        return True

    def _other_runs(self, width: int) -> list[Line]:
        is_low = self.screen.has_class("-narrow") and not self.screen.has_class("-tall")
        return inference.other_runs(self.view, 1 if is_low else _MOST_OTHERS)

    def _figures(self, width: int) -> list[Line]:
        return inference.figures(self.view, self._now, width)
