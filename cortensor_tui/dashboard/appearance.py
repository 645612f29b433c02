"""How the dashboard looks: the theme that is chosen and kept, and what the terminal cannot show."""

from __future__ import annotations

from typing import Any

import msgspec
from textual.app import App
from textual.filter import LineFilter, Monochrome

from cortensor_tui.dashboard.choices import Choices, keep_choices, load_choices
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.plain_terminals import AsciiFilter, EightBitFilter, NoColorFilter
from cortensor_tui.dashboard.themes import DEFAULT_THEME, PLAIN_THEME, load_themes, shipped_folder
from cortensor_tui.domain.problems import problem_error

THEMES_FOLDER = "themes"


class Appearance:
    """The look of one app. `names` are the themes to choose from, ours and the user's."""

    def __init__(self, options: Options) -> None:
        self.names: tuple[str, ...] = ()
        self._options = options
        self._named: str | msgspec.UnsetType | None = msgspec.UNSET
        self._ascii = (AsciiFilter(),) if options.is_ascii else ()

    def filters(self, own: list[LineFilter], *, has_color: bool, has_256: bool = False) -> list[LineFilter]:
        """Return Textual's own line filters with ours: ASCII alone, no colors rather than greys, or 256."""
        kept = own if has_color else [one for one in own if not isinstance(one, Monochrome)]
        colors = (EightBitFilter(),) if has_256 else ()
        return [*kept, *(colors if has_color else (NoColorFilter(),)), *self._ascii]

    def read(self, app: App[Any]) -> list[str]:
        """Give the app its themes as the files have them; return a sentence for each fault."""
        folder = self._options.folder
        folders = (shipped_folder(), *(() if folder is None else (folder / THEMES_FOLDER,)))
        themes, faults = load_themes(folders)
        for theme in themes:
            app.register_theme(theme)
        self.names = tuple(theme.name for theme in themes)
        return faults

    def take(self, app: App[Any]) -> list[str]:
        """Give the app its themes and the one that is wanted; return a sentence for each fault."""
        faults = self.read(app)
        choices, fault = load_choices(self._options.folder)
        wanted = PLAIN_THEME if app.no_color else self._options.theme or choices.theme or DEFAULT_THEME
        if wanted not in app.available_themes:
            faults.append(f"There is no theme {wanted}; using {DEFAULT_THEME}")
            wanted = DEFAULT_THEME
        if wanted in app.available_themes:
            app.theme = wanted
        return [*faults, fault] if fault else faults

    def follow(self, app: App[Any], named: str | None) -> None:
        """Take the theme that the node's settings name, when they name another than they did before."""
        is_other = self._named is not msgspec.UNSET and named != self._named
        self._named = named
        wanted = named or DEFAULT_THEME
        if is_other and not app.no_color and wanted in app.available_themes:
            app.theme = wanted

    def keep(self, name: str) -> str:
        """Keep a theme for the next time; return where, or why it will not be taken then.

        Raises `ProblemError` where it cannot be written.
        """
        folder = self._options.folder
        if folder is None:
            return "for this time only"
        try:
            keep_choices(folder, Choices(theme=name))
        except OSError as error:
            raise problem_error(
                "theme", "The choice could not be kept", str(error), "It holds until you leave"
            ) from error
        if self._options.theme not in (None, name):
            return f"until you leave: CORTENSOR_TUI_THEME says {self._options.theme}"
        return f"kept in {folder}"
