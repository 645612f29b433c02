"""The program itself: its folders, its look, its log."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import Group, Spec, TakesEffect, setting

_setting = partial(setting, Group.PROGRAM)

DASHBOARD: Final[tuple[Spec, ...]] = (
    _setting(
        "CORTENSOR_TUI_THEME",
        "theme",
        kinds.optional(kinds.WORDS),
        None,
        "Name of the dashboard's theme.",
        default_words="chosen by the dashboard",
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_DASHBOARD_DIR",
        "dashboard_dir",
        kinds.optional(kinds.PATH),
        None,
        "Folder of the dashboard's own files: keys.toml, themes/ and dashboard.toml.",
        default_words="the folder of the settings file",
        takes_effect=TakesEffect.AT_OPENING,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_ASCII",
        "ascii",
        kinds.one_of("auto", "0", "1"),
        "auto",
        "Draws in ASCII alone; auto does so where the locale is not UTF-8.",
        takes_effect=TakesEffect.AT_OPENING,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_TERMINAL_TITLE",
        "terminal_title",
        kinds.FLAG,
        True,
        "Shows the verdict in the terminal's title, and restores it on leaving.",
        takes_effect=TakesEffect.AT_OPENING,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_MOUSE",
        "mouse",
        kinds.one_of("auto", "0", "1"),
        "auto",
        "Takes the mouse; auto does so unless the line is SSH. Every key works without.",
        takes_effect=TakesEffect.AT_OPENING,
        in_demo=True,
    ),
)
PROGRAM: Final[tuple[Spec, ...]] = (
    _setting(
        "CORTENSOR_TUI_DATA_DIR",
        "data_dir",
        kinds.optional(kinds.PATH),
        None,
        "Folder of the journal, the payloads, the logs and the model.",
        default_words="the user's data folder, ~/.local/share/cortensor-tui on Linux",
    ),
    *DASHBOARD,
    _setting(
        "CORTENSOR_TUI_LOG_LEVEL",
        "log_level",
        kinds.one_of("debug", "info", "warning", "error"),
        "info",
        "The least that is logged.",
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
    _setting(
        "LOG_FILE_NAME",
        "log_file_name",
        kinds.FILE_NAME,
        "agent_miner.log",
        "Name of the node's log file in the data folder.",
    ),
)

# Read from the process environment alone, by the command line and the demo: key, accepted, help.
PROCESS_VARIABLES: Final = (
    ("CORTENSOR_TUI_DEBUG", "1", "Shows the stack trace of an error that nobody foresaw."),
    (
        "CORTENSOR_TUI_DEMO_SECONDS",
        "a number of seconds",
        "Ends the demo by itself so long after its first screen, once a task is answered; "
        "where none is in three minutes more, it ends with exit code 1.",
    ),
)
