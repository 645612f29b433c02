"""The dashboard's own options, from settings or, in the demo, from the environment alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.dashboard.options import Options, wants_ascii
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings import SPECS, NotAccepted, Settings, Spec
from cortensor_tui.settings.loading import DEFAULT_SETTINGS_PATH, PATH_FIELDS
from cortensor_tui.settings.spec import OUR_PREFIX
from cortensor_tui.settings.table.program import DASHBOARD

_MOUSE = {"auto": None, "0": False, "1": True}


def options_of(settings: Settings, environ: Mapping[str, str]) -> Options:
    """Return the options that the settings say; the folder is the settings file's unless they name one."""
    folder = settings.dashboard_dir or settings.path.absolute().parent
    return Options(
        theme=settings.theme,
        folder=folder,
        exports=folder / "exports",
        is_ascii=wants_ascii(settings.ascii, environ),
        has_title=settings.terminal_title,
        mouse=_MOUSE[settings.mouse],
    )


def setup_options(environ: Mapping[str, str]) -> Options:
    """Return the options where there is no settings file yet. Raises `ProblemError` for a bad one."""
    options = _from_environment(environ)
    folder = options.folder or DEFAULT_SETTINGS_PATH.expanduser().parent
    return msgspec.structs.replace(options, folder=folder, exports=folder / "exports")


def demo_options(environ: Mapping[str, str]) -> Options:
    """Return the options of a demo, which has no folder of the user's unless the environment names one.

    Lists are written to the current folder: the demo's own goes with it. Raises `ProblemError` for a bad one.
    """
    return msgspec.structs.replace(_from_environment(environ), exports=Path.cwd())


def _from_environment(environ: Mapping[str, str]) -> Options:
    said = {spec.field: _value(spec, environ) for spec in DASHBOARD}
    return Options(
        theme=said["theme"],
        folder=said["dashboard_dir"],
        is_ascii=wants_ascii(said["ascii"], environ),
        has_title=said["terminal_title"],
        mouse=_MOUSE[said["mouse"]],
    )


def require_demo_settings(environ: Mapping[str, str]) -> None:
    """Raise `ProblemError` for a setting of the environment that the demo takes and could not use."""
    for spec in SPECS:
        if spec.in_demo:
            _value(spec, environ)


def demo_node_environ(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of the demo's node: what the user set for a real node stays out.

    Paths stay out as well: its settings file names them, and relative ones would be counted from there.
    What a node leaves with the user, to know its keys again, goes to the demo's own folder.
    """
    taken = {spec.key for spec in SPECS if spec.in_demo} - set(PATH_FIELDS)
    kept = {key: text for key, text in environ.items() if not key.startswith(OUR_PREFIX) or key in taken}
    return kept | {"XDG_STATE_HOME": str(folder / "state")}


def _value(spec: Spec, environ: Mapping[str, str]) -> Any:
    text = environ.get(spec.key, "").strip()
    try:
        return spec.kind.parse(text) if text else spec.default
    except NotAccepted as error:
        raise problem_error(
            "settings",
            f"{spec.key} {error.what}",
            f"found {text[:40]!r} in the environment",
            f"Accepted: {spec.kind.accepted}",
        ) from error
