"""Parses each rule once.

Textual 8.2 has every rule parsed anew for each place that is opened for the first time, and once more at the
start, though no color changed. That is a tenth of the time to the first screen.
"""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class SteadyStylesheet(Stylesheet):
    """A stylesheet that is parsed anew only where its variables, the theme's colors, are other ones."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._is_outdated = False  # what was never parsed is so when rules are asked for

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the theme's colors."""
        if variables != self._variables:
            self._is_outdated = True
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse anew if the colors are other ones; what was added is parsed when rules are asked for."""
        if self._is_outdated:
            super().reparse()
            self._is_outdated = False
