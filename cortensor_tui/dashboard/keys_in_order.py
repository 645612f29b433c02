"""Keys that come all at once, as a slow line brings them, act as if they were typed one by one.

What a key did is drawn at once.
"""

from __future__ import annotations

import asyncio
import contextlib

from textual.app import App
from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump
from textual.widgets import Input

from cortensor_tui.dashboard.pasted import MOST_PASTED_CHARS, in_one_line

LONGEST_WAIT_S = 1.0
"""What a key starts is waited for no longer than this, so that nothing can hold up the keyboard."""


class KeysInOrder(App[None]):
    """Hands a key on when all that the one before did is done.

    Textual 8.2 gives a key at once to what has the focus. Of "/" and a word in one read of the terminal, the
    letters come before the field that "/" opens, and act as commands. And after each drawing it waits for the
    one after the next frame: a key that comes just after one is not seen for 33 ms.
    """

    def __init__(self) -> None:
        super().__init__()
        self._typed: asyncio.Queue[Key | Paste] = asyncio.Queue()

    def on_mount(self) -> None:
        """Begin to hand keys on."""
        self.run_worker(self._keep_handing_on(), name="keys", group="keys", exclusive=True)

    async def until_typed(self) -> None:
        """Wait until all that was typed so far has acted.

        For whoever presses keys from outside and looks at what they did: an empty queue does not tell it.
        """
        await self._typed.join()

    async def on_event(self, event: Event) -> None:
        """Let keys and pastes wait for their turn."""
        if isinstance(event, Paste) and len(event.text) > MOST_PASTED_CHARS:
            self.notify(
                f"It has over {MOST_PASTED_CHARS:,} characters. Paste a shorter text.",
                title="Nothing was pasted",
                severity="warning",
            )
        elif isinstance(event, Key | Paste) and not event.is_forwarded:
            self._typed.put_nowait(event)
        else:
            await super().on_event(event)

    async def _keep_handing_on(self) -> None:
        while True:
            event = await self._typed.get()
            before, target = self.screen, self.focused or self.screen
            if isinstance(event, Paste) and isinstance(target, Input):
                event.text = in_one_line(event.text)
            await super().on_event(event)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT_S):
                    await self._until_done(target)
                    if self.screen is not before:
                        await _until_passed(self.screen)
                        await _until_passed(self)
                    elif self._typed.empty():  # of several at once, only what the last one leaves is drawn
                        await self._draw(target)
            self._typed.task_done()

    async def _until_done(self, target: MessagePump) -> None:
        """Wait for the key on its way from what had the focus up to the app, and for what that did."""
        node: MessagePump | None = target
        while node is not None and node is not self:
            await _until_passed(node)
            node = node._parent
        await _until_passed(self)
        await _until_passed(self)  # a focus that an action asked for comes behind the first

    async def _draw(self, target: MessagePump) -> None:
        """Draw what has changed without waiting for a frame, that of `target` among it."""
        screen = self.screen
        await _until_passed(target)  # then it has told the screen what to draw
        await _until_passed(screen)
        screen._on_timer_update()


async def _until_passed(node: MessagePump) -> None:
    """Wait until a node has dealt with all that was sent to it so far."""
    passed = asyncio.Event()
    if node.call_later(passed.set):
        await passed.wait()
