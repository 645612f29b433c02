"""How the dashboard is opened, which needs no parser of commands: to load one takes longer than to draw."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cortensor_tui.domain.commands import DEFAULT_SETTINGS

DEFAULT_ENV = DEFAULT_SETTINGS


class DashboardForm(NamedTuple):
    """What can be asked of the dashboard."""

    env: Path
    new_journal: bool


def dashboard_form(arguments: Sequence[str]) -> DashboardForm | None:
    """Return what is asked of the dashboard, None for every other form, right or wrong."""
    env, new_journal = DEFAULT_ENV, False
    words = iter(arguments)
    for word in words:
        name, has_value, value = word.partition("=")
        if word == "--new-journal":
            new_journal = True
        elif name == "--env":
            file = value if has_value else next(words, "")
            if not file or file.startswith("-"):
                return None
            env = Path(file)
        else:
            return None
    return DashboardForm(env, new_journal)


def open_dashboard(env: Path, new_journal: bool) -> int:
    """Attach the dashboard to the running node, or start one."""
    gc.disable()  # until the first screen: each collection would look at all that is being loaded
    from cortensor_tui import launch

    return launch.open_dashboard(
        env.expanduser(), os.environ, may_make_journal=new_journal, is_named=env != DEFAULT_ENV
    )
