"""What is pasted is text, whatever is in it: nothing of it is ever a key.

A terminal puts marks around what it pastes. Textual 8.2 goes on to read keys between them, so that an escape
sequence in a pasted text would act on the dashboard; and not every terminal takes such sequences out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator
from typing import Final

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.events import Paste
from textual.message import Message

MOST_PASTED_CHARS: Final = 131_072
"""Of what is longer nothing is taken: half a prompt would be another prompt."""
LONGEST_SILENCE_S: Final = 2.0
"""A paste whose end did not come is over after so long a silence, so that keys are keys again."""
_BREAKS = re.compile(r"\r\n|[\r\n\t]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class PastingParser(XTermParser):
    """Reads keys as Textual does, and what comes between the marks of a paste as one `Paste`.

    A text of more than `MOST_PASTED_CHARS` is cut to one character more than that.
    """

    def __init__(self, debug: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(debug)
        self._clock = clock
        self._is_pasting = False
        self._tail = ""  # the last characters, where a mark may have begun
        self._pasted: list[str] = []
        self._room = 0
        self._heard_at_s = 0.0

    @property
    def is_pasting(self) -> bool:
        """Tell whether a paste has begun whose end has not come."""
        return self._is_pasting

    def feed(self, data: str) -> Iterator[Message]:
        """Yield what was typed and pasted."""
        self._heard_at_s = self._clock()
        while data:
            data = yield from self._paste(data) if self._is_pasting else self._type(data)

    def tick(self) -> Iterator[Message]:
        """Yield what no more is waited for."""
        if self._is_pasting:
            if self._clock() - self._heard_at_s >= LONGEST_SILENCE_S:
                self._keep(self._tail)
                yield self._end()
                yield from self._keys(BRACKETED_PASTE_END)
        else:
            yield from super().tick()

    def _type(self, data: str) -> Generator[Message, None, str]:
        """Read keys as far as to a paste, and return what is left."""
        seen = self._tail + data
        at = seen.find(BRACKETED_PASTE_START)
        if at < 0:
            self._tail = _end_of(seen)
            yield from self._keys(data)
            return ""
        begin = at + len(BRACKETED_PASTE_START) - len(self._tail)
        yield from self._keys(data[:begin])
        self._is_pasting, self._tail, self._room = True, "", MOST_PASTED_CHARS + 1
        return data[begin:]

    def _paste(self, data: str) -> Generator[Message, None, str]:
        """Keep what is pasted as far as to its end, and return what is left."""
        seen = self._tail + data
        at = seen.find(BRACKETED_PASTE_END)
        if at < 0:
            self._tail = _end_of(seen)
            self._keep(seen[: len(seen) - len(self._tail)])
            return ""
        self._keep(seen[:at])
        yield self._end()
        yield from self._keys(BRACKETED_PASTE_END)
        return seen[at + len(BRACKETED_PASTE_END) :]

    def _keep(self, text: str) -> None:
        kept = text[: self._room]
        self._room -= len(kept)
        self._pasted.append(kept)

    def _end(self) -> Paste:
        text = "".join(self._pasted)
        self._is_pasting, self._tail, self._pasted = False, "", []
        return Paste(text)

    def _keys(self, data: str) -> Iterator[Message]:
        """Read keys; of a paste Textual sees the marks alone, and makes an empty one of them."""
        for message in super().feed(data):
            if not isinstance(message, Paste):
                yield message


def in_one_line(text: str) -> str:
    """Return a pasted text for a field of one line: breaks and tabs as spaces, without other controls.

    A break at its end comes with a line that was copied whole, and is not meant.
    """
    return _CONTROLS.sub("", _BREAKS.sub(" ", text.rstrip("\r\n")))


def _end_of(text: str) -> str:
    """Return the end of a text, in which either mark may have begun."""
    return text[-(len(BRACKETED_PASTE_START) - 1) :]
