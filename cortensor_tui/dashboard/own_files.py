"""The user's own files, keys.toml and themes/: read on start and again when asked."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.dashboard.announcing import Announcing
from cortensor_tui.dashboard.appearance import Appearance
from cortensor_tui.dashboard.key_names import KEYS_FILE_NAME
from cortensor_tui.dashboard.options import Options

KEYS, THEMES = "Keys", "Themes"
_AT_START = "nothing in it is used: the default keys hold"
_AGAIN = "nothing in it is used: the keys stay as they were"


class OwnFiles(Announcing):
    """Takes keys and themes from files. What is wrong in them is a notice until it is mended."""

    options: Options
    appearance: Appearance
    own_keys: frozenset[str] = frozenset()
    """The ids of the bindings whose keys the file has changed."""

    def action_change_theme(self) -> None:
        """Choose a theme, seen while choosing; the files are read again for it."""
        from cortensor_tui.dashboard.screens.theme import ThemeScreen

        self.heed_faults(THEMES, self.appearance.read(self))
        self.push_screen(ThemeScreen(self.appearance.names, self.appearance.keep))

    def action_reload_keys(self) -> None:
        """Take the keys that the file has now."""
        if self.options.folder is None:
            self.notify("This dashboard has no folder of its own to read keys from.", title=KEYS_FILE_NAME)
        elif not self.take_keys(if_unusable=_AGAIN):
            is_there = (self.options.folder / KEYS_FILE_NAME).exists()
            said = (
                "The keys are those of the file now." if is_there else "There is none: the default keys hold."
            )
            self.notify(said, title=KEYS_FILE_NAME)

    def take_keys(self, if_unusable: str = _AT_START) -> Sequence[str]:
        """Take the keys of the file, or the default ones where there is none; return what is wrong in it.

        `if_unusable` says what holds where nothing of it can be used.
        """
        folder = self.options.folder
        path = None if folder is None else folder / KEYS_FILE_NAME
        if path is None or not path.exists():
            self.set_keymap({})
            self.own_keys = frozenset()
            self.call_after_refresh(self.refresh_bindings)
            self.heed_faults(KEYS, ())
            return ()
        from cortensor_tui.dashboard.key_catalogue import all_bindings  # imports every screen
        from cortensor_tui.dashboard.key_file import load_keys

        choice = load_keys(path, all_bindings(type(self)))
        faults = choice.faults
        if choice.is_usable:
            self.set_keymap(dict(choice.keymap))
            self.own_keys = choice.changed
        else:
            faults = tuple(f"{fault}; {if_unusable}" for fault in faults)
        self.call_after_refresh(self.refresh_bindings)
        self.heed_faults(KEYS, faults)
        return faults
