"""The settings as the rest of the program sees them, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.settings.secret import Secret

WEI_PER_GWEI = 1_000_000_000


class OwnSessions(msgspec.Struct, frozen=True):
    """Serve the sessions owned by the node's own key or by a listed owner."""

    def allows(self, session_id: int, *, is_ours: bool) -> bool:
        """Tell whether a session may be served; `is_ours` says who owns it."""
        return is_ours


class AllSessions(msgspec.Struct, frozen=True):
    """Serve every session the node is bound to."""

    def allows(self, session_id: int, *, is_ours: bool) -> bool:
        """Tell whether a session may be served; `is_ours` says who owns it."""
        return True


class ListedSessions(msgspec.Struct, frozen=True):
    """Serve these sessions, whoever owns them, and no others."""

    session_ids: frozenset[int]

    def allows(self, session_id: int, *, is_ours: bool) -> bool:
        """Tell whether a session may be served; `is_ours` says who owns it."""
        return session_id in self.session_ids


AuthorizedSessions = OwnSessions | AllSessions | ListedSessions


class SomeSessions(msgspec.Struct, frozen=True):
    """Sessions by their ids, or all there are."""

    session_ids: frozenset[int] = frozenset()
    is_all: bool = False

    @property
    def text(self) -> str:
        """Return it as it is written in a settings file."""
        return "all" if self.is_all else ",".join(str(one) for one in sorted(self.session_ids))

    @property
    def is_none(self) -> bool:
        """Tell whether no session is meant."""
        return not (self.is_all or self.session_ids)

    def has(self, session_id: int) -> bool:
        """Tell whether a session is meant."""
        return self.is_all or session_id in self.session_ids


class PrivateSessions(SomeSessions, frozen=True):
    """Sessions whose prompts and answers the node shows to nobody unasked."""


class ReproducibleSessions(SomeSessions, frozen=True):
    """Sessions whose tasks run so that the same prompt, seed and model give the same answer every time."""


class SourceKind(StrEnum):
    """Where a value came from."""

    FILE = "file"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


class SettingValue(msgspec.Struct, frozen=True, kw_only=True):
    """One setting as it may be shown: secrets are already masked. `line` is set for `SourceKind.FILE`."""

    key: str
    shown: str
    source: SourceKind
    line: int | None = None


class SettingNote(msgspec.Struct, frozen=True, kw_only=True):
    """Something odd that stops nothing."""

    text: str
    key: str | None = None
    line: int | None = None


class SettingProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that cannot be used. `found` is inert, and masked where it could be a secret."""

    path: str
    line: int | None
    key: str | None
    what: str
    found: str | None = None
    accepted: str | None = None
    remedy: str | None = None

    def sentence(self) -> str:
        """Return the whole as running text, opening with the place."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        subject = f"{self.key} {self.what}" if self.key else self.what
        parts = [f"{place}: {subject}"]
        if self.found is not None:
            parts.append(f"Found: {self.found}")
        if self.accepted is not None:
            parts.append(f"Accepted: {self.accepted}")
        if self.remedy is not None:
            parts.append(self.remedy)
        return ". ".join(part.rstrip(".") for part in parts) + "."


class SettingsError(ProblemError):
    """Every problem of one settings file at once, with the notes that may explain them.

    `values` are those settings that could be read all the same.
    """

    def __init__(
        self,
        path: Path,
        problems: tuple[SettingProblem, ...],
        notes: tuple[SettingNote, ...],
        values: tuple[SettingValue, ...] = (),
    ) -> None:
        count = "A setting" if len(problems) == 1 else f"{len(problems)} settings"
        super().__init__(
            Problem(
                code="settings",
                what=f"{count} in {path} cannot be used",
                why=" ".join(problem.sentence() for problem in problems),
                remedy=f"Correct it and check with: {command_for(path, 'config check')}",
            )
        )
        self.path = path
        self.problems = problems
        self.notes = notes
        self.values = values


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything read from one settings file and the environment.

    Addresses are 0x and 40 hex digits in whatever case they were written, None while unknown. Durations are
    seconds. docs/settings.md says what each means; the table in `settings.table` is its source. `values` has
    every setting fit to be shown, `typed` has them as they were read, both by their names in the file.
    """

    path: Path
    rpc_urls: tuple[str, ...]
    chain_id: int
    runtime_address: str | None
    session_address: str | None
    queue_address: str | None
    generation: str
    finality: str | int | None
    bump: bool | None
    requests_per_s: float | None
    head_feed: str | None
    log_span_blocks: int | None
    active_session_state: int | None
    node_address: str | None
    node_private_key: Secret | None
    node_keystore: Path | None
    node_password_file: Path | None
    owner_private_key: Secret | None
    owner_keystore: Path | None
    owner_password_file: Path | None
    owner_address: str | None
    watch_address: str | None
    dedicated_enabled: bool
    authorized_sessions: AuthorizedSessions
    owners: tuple[str, ...]
    private_sessions: PrivateSessions
    longest_look_interval_s: float
    max_fee_gwei: float
    daily_gas_budget_wei: int | None
    low_balance_wei: int
    ack_deadline_s: float | None
    precommit_deadline_s: float | None
    commit_deadline_s: float | None
    precommit_data: str
    model_path: Path | None
    models_dir: Path
    switches_model: bool
    context_tokens: int
    batch_tokens: int
    cpu_threads: int | None
    decode_threads: int | None
    prefill_threads: int | None
    slots: int
    checks_memory: bool
    gpu_enabled: bool
    gpu_layers: int | None
    mlock: bool
    llm_host: str
    llm_port: int
    engine: str
    engine_url: str | None
    engine_token: Secret | None
    engine_token_file: Path | None
    engine_model: str
    container_image: str
    container_registry: str
    container_command: tuple[str, ...]
    container_port: int | None
    container_memory_mib: int | None
    worker_base_port: int | None
    worker_port_prefix: int
    container_name_prefix: str
    container_gpu: bool
    container_gpu_ids: tuple[str, ...]
    start_wait_s: float
    start_wait_gpu_s: float
    default_system_prompt: str
    raw_prompt: str
    seed: int | None
    reproducible_sessions: ReproducibleSessions
    ipfs_urls: tuple[str, ...]
    ipfs_server_enabled: bool
    ipfs_command: str
    ipfs_answers: str
    ipfs_timeout_s: float
    ipfs_max_mib: int
    ipfs_keep_days: int | None
    payload_keep_days: int | None
    data_dir: Path
    theme: str | None
    dashboard_dir: Path | None
    ascii: str
    terminal_title: bool
    mouse: str
    log_level: str
    log_file_name: str
    values: tuple[SettingValue, ...] = ()
    typed: Mapping[str, Any] = {}
    notes: tuple[SettingNote, ...] = ()

    def __repr__(self) -> str:
        return f"Settings(path={str(self.path)!r})"  # endpoints may hold tokens

    @property
    def max_fee_wei(self) -> int:
        """Return the most to pay for one unit of gas, in wei."""
        return round(self.max_fee_gwei * WEI_PER_GWEI)
