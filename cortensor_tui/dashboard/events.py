"""What the feed and the board tell the application. One that waits is replaced by the next of its kind."""

from __future__ import annotations

from textual.message import Message

from cortensor_tui.dashboard.feed import FeedState


class FeedMoved(Message):
    """The feed has a newer state."""

    def __init__(self, state: FeedState) -> None:
        super().__init__()
        self.state = state

    def can_replace(self, message: Message) -> bool:
        """Only the newest state matters."""
        return isinstance(message, FeedMoved)


class BoardMoved(Message):
    """A step of starting has changed."""

    def can_replace(self, message: Message) -> bool:
        """The board is read when the message is handled."""
        return isinstance(message, BoardMoved)
