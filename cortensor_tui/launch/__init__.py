"""Starts what runs by itself: node, devnet, demo, dashboard. Each returns the exit code.

The front ends import this late, and this imports the heavy rooms later still.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cortensor_tui.settings import SettingProblem, Settings

if TYPE_CHECKING:
    from cortensor_tui.launch.machine_check import MachineFindings


def run_node(
    settings_path: Path,
    environ: Mapping[str, str],
    *,
    has_passwords_on_stdin: bool = False,
    may_make_journal: bool = False,
    in_container: bool = False,
) -> int:
    """Run the node in the foreground until SIGINT, SIGTERM or a stop request.

    `in_container` asks for the container engine, whatever the settings choose.
    Raises `ProblemError` when it cannot start: bad settings, an unusable key, another node with the key.
    """
    from cortensor_tui.launch.node import run_node as run

    return run(
        settings_path,
        environ,
        has_passwords_on_stdin=has_passwords_on_stdin,
        may_make_journal=may_make_journal,
        in_container=in_container,
    )


def run_devnet(
    backend: str, port: int, as_json: bool, block_interval_s: float = 1.0, generation: str = "new"
) -> int:
    """Run a devnet in the foreground until SIGINT or SIGTERM."""
    from cortensor_tui.launch.devnet import run_devnet_command as run

    return run(backend, port, as_json, block_interval_s, generation)


def open_dashboard(
    settings_path: Path,
    environ: Mapping[str, str],
    *,
    may_make_journal: bool = False,
    is_named: bool = True,
) -> int:
    """Attach the dashboard to the running node, or start one that outlives it.

    Where there is no settings file and none was named (`is_named`), it begins with the set-up.
    """
    from cortensor_tui.launch.dashboard import open_dashboard as run

    return run(settings_path, environ, may_make_journal=may_make_journal, is_named=is_named)


def run_demo(environ: Mapping[str, str]) -> int:
    """Run chain, node, client and dashboard in a folder of their own; they end with the dashboard."""
    from cortensor_tui.launch.demo import run_demo as run

    return run(environ)


def addresses_apart_from_keys(settings: Settings, environ: Mapping[str, str]) -> tuple[SettingProblem, ...]:
    """Return a problem for each address in the settings that is not that of its key. Decrypts nothing."""
    from cortensor_tui.launch.keys import addresses_apart_from_keys as run

    return run(settings, environ)


def check_machine(settings: Settings, environ: Mapping[str, str]) -> MachineFindings:
    """Return what is wrong or odd with the files, programs and hardware that the settings ask for."""
    from cortensor_tui.launch.machine_check import check_machine as run

    return run(settings, environ)


def key_file_text() -> str:
    """Return a key file for the dashboard with every default in it, commented out."""
    from cortensor_tui.dashboard.app import Dashboard
    from cortensor_tui.dashboard.key_catalogue import keys_file_text

    return keys_file_text(Dashboard)
