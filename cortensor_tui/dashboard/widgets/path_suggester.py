"""Completes a path that is being typed, as a shell would."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester, SuggestFromList

MOST_ENTRIES = 2_000


class PathSuggester(Suggester):
    """Offers the first entry of a folder that goes on as typed; right arrow or end takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole text with its completion, None where nothing fits."""
        return await asyncio.to_thread(completed, value) if value else None


class LikelyOrPath(PathSuggester):
    """Offers a likely file first, then whatever is there."""

    def __init__(self, likely: list[str]) -> None:
        super().__init__()
        self._likely = SuggestFromList(likely)

    async def get_suggestion(self, value: str) -> str | None:
        """Return a likely file that begins so, else the path completed."""
        return await self._likely.get_suggestion(value) or await super().get_suggestion(value)


def completed(text: str) -> str | None:
    """Return a path that begins with the text, a folder with its slash; None where there is none."""
    folder, _, start = text.rpartition("/")
    place = Path(f"{folder}/" if folder or text.startswith("/") else ".").expanduser()
    try:
        with os.scandir(place) as entries:
            found = sorted(
                (entry.name, entry.is_dir())
                for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False)
                if entry.name.startswith(start) and (start or not entry.name.startswith("."))
            )
    except (OSError, ValueError, RuntimeError):
        return None  # it is no folder yet: what was typed stands alone
    if not found:
        return None
    name, is_folder = found[0]
    whole = f"{text[: len(text) - len(start)]}{name}{'/' if is_folder else ''}"
    return whole if whole != text and whole.isprintable() else None
