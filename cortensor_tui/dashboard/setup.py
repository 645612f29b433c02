"""What the set-up screen needs of the machine and the network; `launch` has it, since it may touch both."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from cortensor_tui.settings import Secret
from cortensor_tui.settings.setup_draft import (
    Finding,
    KeyTreatment,
    NetworkChoice,
    SetUp,
    SetupDraft,
    Step,
    Understood,
)


class DemoWanted(msgspec.Struct, frozen=True):
    """The person wants to see the demo."""


Outcome = SetUp | DemoWanted
"""What the dashboard is left for, to be opened again on something else."""


class Setup(Protocol):
    """Probes what is typed, and writes what was gathered to `settings_path`. Writes nothing before that."""

    settings_path: Path

    def networks(self) -> tuple[NetworkChoice, ...]:
        """Return the known networks, public ones first."""

    def likely_files(self) -> tuple[Path, ...]:
        """Return settings files that may be meant."""

    async def probe(self, step: Step, draft: SetupDraft) -> tuple[Finding, ...]:
        """Return what is found about one step's fields; a problem is a finding too."""

    def summary(self, draft: SetupDraft) -> tuple[str, ...]:
        """Return the lines that would be written, fit to be shown. Raises `ProblemError` "file_exists"."""

    async def write(self, draft: SetupDraft) -> SetUp:
        """Write keystore and settings. Raises `ProblemError`, and then no settings are written."""

    async def understand(self, path: Path) -> Understood:
        """Return a settings file line by line. Raises `ProblemError` when it cannot be read."""

    async def take_over(
        self, source: Path, treatment: KeyTreatment, password: Secret, *, enables_dedicated: bool
    ) -> SetUp:
        """Use a settings file that exists: copied to `settings_path`, its key treated as asked.

        `enables_dedicated` writes ENABLE_DEDICATED_NODE=1.
        """
