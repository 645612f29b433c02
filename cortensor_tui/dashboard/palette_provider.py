"""The palette's source of commands. Imported when the palette opens, since what it stands on loads much."""

from __future__ import annotations

from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cortensor_tui.dashboard.palette import Command, HasCommands, commands_elsewhere

_BY_WORD, _ELSEWHERE = 0.5, 0.4
"""What is found by another word, or in another place, stands after what is called so here."""


class PaletteProvider(Provider):
    """Offers what can be done here; a search looks in the other places too, and in other words for it all."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._elsewhere: list[Command] | None = None

    async def discover(self) -> Hits:
        """Yield what can be done here, the acts of this screen first."""
        for command in self._here:
            yield DiscoveryHit(command.title, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        """Yield what a query means."""
        for command in self._here:
            if hit := self._hit(command, query):
                yield hit
        if self._elsewhere is None:
            self._elsewhere = list(commands_elsewhere(self.app, self.screen))
        for command in self._elsewhere:
            if hit := self._hit(command, query):
                hit.score *= _ELSEWHERE
                yield hit

    @property
    def _here(self) -> list[Command]:
        return list(cast(HasCommands, self.app).palette_commands(self.screen))

    def _hit(self, command: Command, query: str) -> Hit | None:
        matcher = self.matcher(query)
        if (score := matcher.match(command.title)) > 0:
            return Hit(score, matcher.highlight(command.title), command.run, help=command.help)
        if found := _found_by(command, query):
            return Hit(_BY_WORD, command.title, command.run, help=f"{command.help} · {found}")
        return None


def _found_by(command: Command, query: str) -> str:
    """Return the words that begin as those of the query do, nothing where one of them is missing."""
    known = f"{command.words} {command.help}".split()
    found = [
        next((word for word in known if word.lower().startswith(part)), "") for part in query.lower().split()
    ]
    return " ".join(found) if found and all(found) else ""
