"""Reading the keyboard costs nothing while nobody types, and loses nothing that is typed."""

from __future__ import annotations

import os
import queue
import selectors
from collections.abc import Iterator
from threading import Thread

import pytest
from textual import constants
from textual.events import Key
from textual.message import Message

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.pasted import PastingParser
from cortensor_tui.dashboard.quiet_input import QuietDriver, WakingEvent, read_input

LIMIT_S = 20.0


class CountedSelector(selectors.SelectSelector):
    """Notes each wait with its limit, None where it waits for as long as it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: queue.Queue[float | None] = queue.Queue()
        self.count = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.waits.put(timeout)
        self.count += 1
        return super().select(timeout)


class Keyboard:
    """The other end of what is read."""

    def __init__(self) -> None:
        self.taken: queue.Queue[Message] = queue.Queue()
        self.ending = WakingEvent()
        self.selector = CountedSelector()
        self._reading, self._writing = os.pipe()
        parser = PastingParser()
        self._thread = Thread(
            target=read_input,
            args=(self._reading, self.ending, self.taken.put, parser, self.selector),
        )
        self._thread.start()

    def type(self, data: bytes) -> None:
        os.write(self._writing, data)

    def key(self) -> str:
        """Return the next key."""
        message = self.taken.get(timeout=LIMIT_S)
        assert isinstance(message, Key)
        return message.key

    def until_waiting(self) -> None:
        """Wait until it waits once more: what was typed before has been read."""
        self.selector.waits.get(timeout=LIMIT_S)

    def until_quiet(self) -> None:
        """Wait until it waits without a limit."""
        while self.selector.waits.get(timeout=LIMIT_S) is not None:
            pass

    def hang_up(self) -> None:
        os.close(self._writing)
        self._writing = -1

    def until_ended(self) -> None:
        """Wait until nothing is read any more."""
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    def end(self) -> None:
        """End the reading, and wait for that."""
        self.ending.set()
        self.until_ended()
        self.ending.close()
        for file in (self._reading, self._writing):
            if file >= 0:
                os.close(file)


@pytest.fixture
def keyboard() -> Iterator[Keyboard]:
    opened = Keyboard()
    yield opened
    if opened.ending.fileno() >= 0:
        opened.end()


def test_a_quiet_keyboard_wakes_nobody(keyboard: Keyboard) -> None:
    keyboard.until_quiet()
    keyboard.end()
    assert keyboard.selector.count == 1


def test_after_a_key_it_becomes_quiet_again(keyboard: Keyboard) -> None:
    keyboard.until_quiet()
    keyboard.type(b"j")
    assert keyboard.key() == "j"
    keyboard.until_quiet()


def test_an_escape_that_stays_alone_is_a_key(keyboard: Keyboard) -> None:
    keyboard.until_quiet()
    keyboard.type(b"\x1b")
    assert keyboard.key() == "escape"


def test_a_sequence_in_two_parts_is_one_key(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", LIMIT_S)  # however long the second part takes
    keyboard.until_quiet()
    keyboard.type(b"\x1b[")
    keyboard.until_waiting()
    keyboard.type(b"Ak")
    assert [keyboard.key(), keyboard.key()] == ["up", "k"]


def test_a_letter_in_two_parts_is_one_key(keyboard: Keyboard) -> None:
    before, after = "é".encode()[:1], "é".encode()[1:]
    keyboard.until_quiet()
    keyboard.type(before)
    keyboard.until_quiet()
    keyboard.type(after)
    assert keyboard.key() == "é"


def test_bytes_that_are_no_text_end_nothing(keyboard: Keyboard) -> None:
    keyboard.type(b"\xff\xfej")
    assert [keyboard.key(), keyboard.key(), keyboard.key()][-1] == "j"


def test_a_terminal_that_has_gone_is_not_read_again_and_again(keyboard: Keyboard) -> None:
    keyboard.until_quiet()
    keyboard.hang_up()
    keyboard.until_ended()
    assert keyboard.selector.count == 1


def test_the_dashboard_reads_its_terminal_so(app: Dashboard) -> None:
    assert app.driver_class is QuietDriver


def test_what_ended_can_begin_again() -> None:
    ending = WakingEvent()
    ending.set()
    ending.clear()
    with selectors.SelectSelector() as selector:
        selector.register(ending, selectors.EVENT_READ)
        assert not selector.select(0)
        ending.set()
        assert selector.select(0)
    ending.close()


def test_what_was_closed_takes_everything_and_does_nothing() -> None:
    ending = WakingEvent()
    ending.close()
    ending.close()
    ending.set()
    assert ending.is_set()
    ending.clear()
    assert not ending.is_set()


def test_setting_it_over_and_over_never_waits_for_a_reader() -> None:
    ending = WakingEvent()

    def set_often() -> None:
        for _ in range(70_000):  # more than a pipe holds
            ending.set()

    setting = Thread(target=set_often, daemon=True)
    setting.start()
    setting.join(LIMIT_S)
    assert not setting.is_alive()
    ending.close()
