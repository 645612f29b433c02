"""A clock that stands still until a test moves it."""

from __future__ import annotations


class StandingClock:
    """Time that passes only when a test lets it. The wall clock is `wall_ahead_s` ahead of the other."""

    def __init__(self, seconds: float = 1000.0, wall_ahead_s: float = 1_700_000_000.0) -> None:
        self.seconds = seconds
        self.wall_ahead_s = wall_ahead_s

    def now(self) -> float:
        return self.seconds + self.wall_ahead_s

    def monotonic(self) -> float:
        return self.seconds

    def pass_s(self, seconds: float) -> None:
        self.seconds += seconds

    async def sleep(self, seconds: float) -> None:
        """Pass the time that something waits."""
        self.pass_s(seconds)
