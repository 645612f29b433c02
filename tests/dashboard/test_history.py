"""The window on a long list: whatever happens in whatever order, its rows are a stretch of the list."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cortensor_tui.dashboard.history import Ask, Page, Seen, Side, Window
from cortensor_tui.dashboard.stretch import Entry
from cortensor_tui.domain.problems import Problem

PAGE_ROWS = 4
MOST_ROWS = 16
TAIL = 12
BUSY = Problem(code="busy", what="Too many questions")

Item = tuple[int, int]
"""A number, and how often it changed. Every third number is not of the list that is shown."""


class Happen(NamedTuple):
    """What happens on the node: a new number where `which` is None, else that one of the known changes."""

    which: int | None


class Read(NamedTuple):
    """A page is asked for at an edge; things happen before and after the node reads it."""

    side: Side
    before: list[Happen]
    after: list[Happen]
    fate: str


class Jump(NamedTuple):
    """To one end of the list; or with `at`, to the same rows after the line was away; or another list."""

    to: Side | str


HAPPENS = st.builds(Happen, st.none() | st.integers(0, 80))
READS = st.builds(
    Read,
    st.sampled_from(Side),
    st.lists(HAPPENS, max_size=2),
    st.lists(HAPPENS, max_size=2),
    st.sampled_from(("comes", "comes", "comes", "fails", "is overtaken")),
)
JUMPS = st.builds(Jump, st.sampled_from((*Side, "here", "elsewhere")))
STEPS = st.lists(st.one_of(READS, READS, READS, READS, HAPPENS, JUMPS), max_size=25)


class Scene:
    """A node with a list of numbers, and a window on it."""

    def __init__(self, count: int) -> None:
        self.window: Window[Item] = Window(PAGE_ROWS, MOST_ROWS)
        self.items: dict[int, Item] = {number: (number, 0) for number in range(count)}
        self.tail = list(self.items)[-TAIL:]
        self.cursor = 0
        self._see()

    def do(self, step: Happen | Read | Jump) -> None:
        match step:
            case Happen(which):
                self._happen(which)
            case Read():
                self._read(step)
            case Jump("here"):
                if len(self.window):
                    self.window.restart(at=self.window[self.cursor].place)
            case Jump("elsewhere"):
                self.window.clear()
                self.cursor = 0
                self._see()
            case Jump(side):
                self.window.restart(Side(side))
        self.check()

    def _happen(self, which: int | None) -> None:
        number = len(self.items) if which is None or not self.items else which % len(self.items)
        self.items[number] = (number, self.items[number][1] + 1 if number in self.items else 0)
        self.tail = [*(one for one in self.tail if one != number), number][-TAIL:]
        self._see()

    def _see(self) -> None:
        held = self.window[self.cursor].key if len(self.window) else ""
        self.window.see(
            [Seen(entry(self.items[number]), is_wanted(number)) for number in self.tail], self.cursor
        )
        self.cursor = self.window.index_of(held) or 0

    def _read(self, step: Read) -> None:
        self.window.retry()
        self.cursor = max(0, len(self.window) - 1) if step.side is Side.OLDER else 0
        ask = self.window.wanted(self.cursor, self.cursor)
        if ask is None:
            return
        assert self.window.wanted(self.cursor, self.cursor) is None, "one page at a time"
        for happening in step.before:
            self._happen(happening.which)
        page = self.page(ask)
        for happening in step.after:
            self._happen(happening.which)
        if step.fate == "is overtaken":
            self.window.restart()
        if step.fate == "fails":
            self.window.fail(ask, BUSY)
            assert self.window.problem is BUSY
            assert self.window.wanted(self.cursor, self.cursor) is None, "not again until told to"
        else:
            self.window.take(ask, page, self.cursor)
        self.cursor = max(0, min(self.cursor, len(self.window) - 1))

    def page(self, ask: Ask) -> Page[Item]:
        """Answer as the node does, which looks at so many numbers a time, wanted or not."""
        is_older = ask.side is Side.OLDER
        beyond = [
            number
            for number in sorted(self.items, reverse=is_older)
            if ask.beyond is None or (place(number) < ask.beyond if is_older else place(number) > ask.beyond)
        ]
        found = [entry(self.items[number]) for number in beyond[:PAGE_ROWS] if is_wanted(number)]
        reached = place(beyond[PAGE_ROWS - 1]) if len(beyond) > PAGE_ROWS else None
        return Page(tuple(found if is_older else found[::-1]), reached)

    def check(self) -> None:
        """Check what holds at every moment."""
        window = self.window
        rows = [window[index] for index in range(len(window))]
        numbers = [row.item[0] for row in rows]
        assert len(rows) <= MOST_ROWS
        assert numbers == sorted(set(numbers), reverse=True), "out of order, or twice"
        assert all(is_wanted(number) for number in numbers)
        for number in self.tail:
            index = window.index_of(str(number))
            assert index is None or window[index].item == self.items[number], "an old state"
        if window.is_makeshift:
            assert set(numbers) >= {number for number in self.tail if is_wanted(number)}, "what is known"
        if window.is_loading:
            return
        if rows:
            assert numbers == self.wanted(numbers[-1], numbers[0]), "a hole"
        top, bottom = (numbers[0], numbers[-1]) if rows else (-1, len(self.items))
        assert window.has_newer or self.wanted(top + 1, len(self.items)) == [], "lost above"
        assert window.has_older or not rows or self.wanted(0, bottom - 1) == [], "lost below"

    def wanted(self, first: int, last: int) -> list[int]:
        return [number for number in range(last, first - 1, -1) if is_wanted(number) and number in self.items]

    def read_to(self, side: Side) -> set[int]:
        """Scroll to one end and return all numbers that were seen."""
        seen: set[int] = set()
        while self.window.is_loading or (
            self.window.has_older if side is Side.OLDER else self.window.has_newer
        ):
            self._read(Read(side, [], [], "comes"))
            self.check()
            seen |= {self.window[index].item[0] for index in range(len(self.window))}
        return seen


def is_wanted(number: int) -> bool:
    return number % 3 != 0


def place(number: int) -> tuple[float, int]:
    """Two numbers at a time have the same first part, as tasks of one block have the same time."""
    return (float(number // 2), number)


def entry(item: Item) -> Entry[Item]:
    return Entry(place(item[0]), str(item[0]), item)


# More than a window holds happens while no page can be had, and the cursor is at the end.
@example(
    26,
    [
        *[Happen(None)] * 4,
        *[Read(Side.OLDER, [Happen(None)] * 2, [Happen(None)] * 2, "fails")] * 3,
        Read(Side.OLDER, [Happen(None)] * 2, [Happen(None), Happen(1)], "fails"),
    ],
)
@settings(max_examples=300, deadline=None)
@given(st.integers(0, 60), STEPS)
def test_rows_are_a_stretch_of_the_list_and_lead_to_all_of_it(
    count: int, steps: list[Happen | Read | Jump]
) -> None:
    scene = Scene(count)
    for step in steps:
        scene.do(step)
    all_wanted = set(scene.wanted(0, len(scene.items)))
    scene.read_to(Side.OLDER)
    seen = scene.read_to(Side.NEWER) | {scene.window[index].item[0] for index in range(len(scene.window))}
    assert len(all_wanted) <= MOST_ROWS or not scene.window.has_newer
    scene.window.restart()
    assert scene.read_to(Side.OLDER) == all_wanted, "reading down"
    assert seen <= all_wanted


def test_a_page_that_nobody_waits_for_is_left() -> None:
    scene = Scene(10)
    ask = scene.window.wanted(0, 0)
    assert ask is not None
    scene.window.clear()
    assert not scene.window.take(ask, scene.page(ask))
    assert len(scene.window) == 0


def test_an_item_that_moves_while_its_page_comes_is_held_once() -> None:
    """A task that is assigned again has a later time."""
    window: Window[str] = Window(PAGE_ROWS, MOST_ROWS)
    old = Entry((1.0, 7), "7", "old")
    ask = window.wanted(0, 0)
    assert ask is not None
    window.take(ask, Page((Entry((3.0, 9), "9", "newest"),), reached=(3.0, 9)))
    ask = window.wanted(0, 0)
    assert ask is not None
    window.see([Seen(Entry((5.0, 7), "7", "moved"), is_wanted=True)])
    window.take(ask, Page((old,), reached=None))
    assert [window[index].item for index in range(len(window))] == ["moved", "newest"]


def test_a_list_that_does_not_go_on_is_told_and_not_asked_for_ever() -> None:
    scene = Scene(20)
    window = scene.window
    first = window.wanted(0, 3)
    assert first is not None
    window.take(first, scene.page(first))
    again = window.wanted(0, 3)
    assert again is not None
    assert window.take(again, Page((), again.beyond))
    assert window.problem is not None
    assert window.wanted(0, 3) is None
    window.retry()
    onward = window.wanted(0, 3)
    assert onward is not None
    assert (onward.side, onward.beyond) == (again.side, again.beyond)
