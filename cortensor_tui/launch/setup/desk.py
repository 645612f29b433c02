"""What the set-up screen asks of the machine and the network, and what it has written in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.launch.setup.engine import with_model_path
from cortensor_tui.launch.setup.existing import likely_files, take_over, understand
from cortensor_tui.launch.setup.probing import probe
from cortensor_tui.launch.setup.writing import require_absent, write_setup
from cortensor_tui.settings import SPECS, Secret
from cortensor_tui.settings.setup_draft import (
    Finding,
    KeyTreatment,
    KeyWay,
    NetworkChoice,
    SetUp,
    SetupDraft,
    Step,
    Understood,
    env_values,
    shown_lines,
)

T = TypeVar("T")
LOCAL_HOST = "http://127.0.0.1:8545"
KEYSTORE_TO_COME = Path("keystore/node-….json")


class SetupDesk:
    """One for the settings file that is to be; `dashboard.setup.Setup` says what each does."""

    def __init__(self, settings_path: Path, environ: Mapping[str, str]) -> None:
        self.settings_path = settings_path.expanduser().absolute()
        self._environ = environ

    def networks(self) -> tuple[NetworkChoice, ...]:
        """Return the known networks, public ones first."""
        profiles = sorted(load_profiles().items(), key=lambda item: item[1].is_local)
        hosts = {spec.key: spec.example for spec in SPECS}
        return tuple(
            NetworkChoice(
                name=name,
                title=profile.title,
                chain_id=profile.chain_ids[0],
                host=LOCAL_HOST
                if profile.is_local
                else hosts["HOST"]
                if str(profile.chain_ids[0]) == hosts["CHAINID"]
                else "",
                runtime=profile.runtime or "",
            )
            for name, profile in profiles
        )

    def likely_files(self) -> tuple[Path, ...]:
        """Return settings files that may be meant."""
        return likely_files()

    async def probe(self, step: Step, draft: SetupDraft) -> tuple[Finding, ...]:
        """Return what is found about one step's fields."""
        return await probe(step, draft, self._environ)

    def summary(self, draft: SetupDraft) -> tuple[str, ...]:
        """Return the lines that would be written, fit to be shown. Raises `ProblemError` "file_exists"."""
        require_absent(self.settings_path)
        if draft.is_watching:
            return shown_lines(env_values(draft, None))
        is_there = draft.key_way is KeyWay.EXISTING
        path = Path(draft.keystore.strip()).expanduser().absolute() if is_there else KEYSTORE_TO_COME
        return shown_lines(env_values(with_model_path(draft), path))

    async def write(self, draft: SetupDraft) -> SetUp:
        """Write keystore and settings."""
        what = f"{self.settings_path} could not be written"
        return await _in_thread(lambda: write_setup(self.settings_path, with_model_path(draft)), what)

    async def understand(self, path: Path) -> Understood:
        """Return a settings file line by line."""
        return await _in_thread(lambda: understand(path, self._environ), f"{path} could not be read")

    async def take_over(
        self, source: Path, treatment: KeyTreatment, password: Secret, *, enables_dedicated: bool
    ) -> SetUp:
        """Use a settings file that exists."""
        target, environ = self.settings_path, self._environ

        def act() -> SetUp:
            return take_over(
                source, target, treatment, password, environ, enables_dedicated=enables_dedicated
            )

        return await _in_thread(act, f"{target} could not be written")


async def _in_thread(act: Callable[[], T], what: str) -> T:
    """Do what takes its time. Raises `ProblemError`, also for what the system refuses."""
    try:
        return await asyncio.to_thread(act)
    except (OSError, RuntimeError, ValueError) as error:
        remedy = "Check the path, its rights and the disk, then try again"
        raise problem_error("setup", inert(what, 300), inert(str(error), 300), remedy) from error
