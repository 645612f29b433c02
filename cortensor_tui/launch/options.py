"""The dashboard's own options, from settings or, in the demo, from the environment alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortensor_tui.dashboard.options import Options, wants_ascii
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings import Settings
from cortensor_tui.settings.loading import DEFAULT_SETTINGS_PATH
from cortensor_tui.settings.parsers import NotAccepted
from cortensor_tui.settings.table.program import DASHBOARD

_MOUSE = {"auto": None, "0": False, "1": True}


def options_of(settings: Settings, environ: Mapping[str, str]) -> Options:
    """Return the options that the settings say; the folder is the settings file's unless they name one."""
    return Options(
        theme=settings.theme,
        folder=settings.dashboard_dir or settings.path.absolute().parent,
        is_ascii=wants_ascii(settings.ascii, environ),
        has_title=settings.terminal_title,
        mouse=_MOUSE[settings.mouse],
    )


def demo_options(environ: Mapping[str, str]) -> Options:
    """Return the options where there is no settings file. Raises `ProblemError` for a bad one."""
    said: dict[str, Any] = {}
    for spec in DASHBOARD:
        text = environ.get(spec.key, "").strip()
        try:
            said[spec.field] = spec.kind.parse(text) if text else spec.default
        except NotAccepted as error:
            raise problem_error(
                "settings",
                f"{spec.key} {error.what}",
                f"found {text[:40]!r}",
                f"Accepted: {spec.kind.accepted}",
            ) from error
    return Options(
        theme=said["theme"],
        folder=said["dashboard_dir"] or DEFAULT_SETTINGS_PATH.expanduser().parent,
        is_ascii=wants_ascii(said["ascii"], environ),
        has_title=said["terminal_title"],
        mouse=_MOUSE[said["mouse"]],
    )
