"""Network profiles: what is known of each chain, from networks.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Annotated, Any, Literal

import msgspec

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.contracts.numbers import ContractNumbers, EnumNumber, ModeNumbers, TaskStatusNumbers
from cortensor_tui.domain.networks import Generation, Standing
from cortensor_tui.domain.problems import problem_error

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Blocks = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
# Blocks that an endpoint calls final, or a number of blocks on top.
Finality = Literal["finalized", "safe"] | Blocks

RUNTIME, SESSION_V2, SESSION_QUEUE_V2 = "Runtime", "SessionV2", "SessionQueueV2"
ASSUMED = "testnet-0"  # whose numbers a chain gets of which nothing is known


class KnownModule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract's address as some source tells it."""

    name: str
    address: str
    standing: Standing
    source: Annotated[str, msgspec.Meta(min_length=1)]
    generation: Generation | None = None


class NetworkProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One network. Deadlines in seconds, each counted from the step before it.

    `look_interval_s` is for an idle node, `fed_look_interval_s` for an idle one that a WebSocket tells of
    news at once, `busy_look_interval_s` for one that waits for a transaction, or for the next step of a task.
    `requests_per_s` is the most to ask one endpoint. `head_alarm_s` is how old the head may get, None where
    blocks come with traffic only. `bump` says whether a higher fee can make a waiting transaction faster.
    `explorer` is where people look transactions up, empty where no place is known.
    `max_data_bytes` bounds a whole signed transaction, `daily_gas_budget_wei` what each key may spend.
    `standing` says by name of a field where its value is from; the others are chosen by this program.
    """

    title: Annotated[str, msgspec.Meta(min_length=1)]
    chain_ids: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1)], ...], msgspec.Meta(min_length=1)]
    is_local: bool
    look_interval_s: Seconds
    fed_look_interval_s: Seconds
    busy_look_interval_s: Seconds
    requests_per_s: Annotated[float, msgspec.Meta(gt=0)]
    finality: Finality
    bump: bool
    log_span_blocks: Blocks
    max_data_bytes: Annotated[int, msgspec.Meta(ge=10_000)]
    daily_gas_budget_wei: Annotated[int, msgspec.Meta(ge=0)]
    ack_deadline_s: Seconds
    precommit_deadline_s: Seconds
    commit_deadline_s: Seconds
    active_session_state: EnumNumber
    task_status: TaskStatusNumbers
    session_modes: ModeNumbers
    node_types: ModeNumbers
    head_alarm_s: Seconds | None = None
    explorer: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s/]+)?$")] = ""
    modules: tuple[KnownModule, ...] = ()
    standing: Mapping[str, str] = msgspec.field(default_factory=dict)

    def module(self, name: str) -> KnownModule | None:
        """Return what is known of a contract by its name, such as "Runtime"."""
        return next((module for module in self.modules if module.name == name), None)

    @property
    def numbers(self) -> ContractNumbers:
        """Return the numbers that reading and calling the contracts needs."""
        return ContractNumbers(
            queued_status=self.task_status.queued,
            session_modes=self.session_modes,
            node_types=self.node_types,
        )

    @property
    def runtime(self) -> str | None:
        """Return the Runtime's address where one is public."""
        known = self.module(RUNTIME)
        return None if known is None else known.address


@functools.cache
def load_profiles() -> Mapping[str, NetworkProfile]:
    """Return every profile by its name in the data file."""
    text = resources.files(__package__ or "").joinpath("networks.toml").read_text(encoding="utf-8")
    return read_profiles(text)


def read_profiles(text: str) -> Mapping[str, NetworkProfile]:
    """Return the profiles in TOML text. Raises `ProblemError` "bad_network" with the first bad entry."""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad("the file", str(error)) from error
    profiles = {name: _profile(name, entries) for name in entries}
    _check_choosable(profiles)
    return profiles


def choose_profile(
    chain_id: int, runtime: str | None = None, profiles: Mapping[str, NetworkProfile] | None = None
) -> NetworkProfile:
    """Return the profile for a chain and the Runtime that is set, if one is.

    Where several networks share a chain, the Runtime tells them apart; without one the first listed is meant.
    A Runtime that is not known gets that one's numbers and no addresses, an unknown chain those of Testnet-0.
    """
    known = load_profiles() if profiles is None else profiles
    here = [profile for profile in known.values() if chain_id in profile.chain_ids]
    if not here:
        return msgspec.structs.replace(
            known[ASSUMED], title=f"chain {chain_id}", chain_ids=(chain_id,), modules=(), explorer=""
        )
    if runtime is None:
        return here[0]
    for profile in here:
        if profile.runtime is None or profile.runtime.lower() == runtime.lower():
            return profile
    return msgspec.structs.replace(here[0], title=f"chain {chain_id}, a Runtime not known here", modules=())


def _profile(name: str, entries: Mapping[str, Any]) -> NetworkProfile:
    try:
        profile = msgspec.convert(_whole_entry(name, entries, seen=()), NetworkProfile)
    except msgspec.ValidationError as error:
        raise _bad(f"[{name}]", str(error)) from error
    _check_modules(name, profile.modules)
    if strangers := set(profile.standing) - set(NetworkProfile.__struct_fields__):
        raise _bad(f"[{name}.standing]", f"there is no field {sorted(strangers)[0]}")
    if profile.busy_look_interval_s > profile.look_interval_s:
        raise _bad(f"[{name}]", "its busy_look_interval_s is longer than its look_interval_s")
    if profile.look_interval_s > profile.fed_look_interval_s:
        raise _bad(f"[{name}]", "its look_interval_s is longer than its fed_look_interval_s")
    for table in ("task_status", "session_modes", "node_types"):
        numbers = msgspec.structs.astuple(getattr(profile, table))
        if len(set(numbers)) < len(numbers):
            raise _bad(f"[{name}.{table}]", "two of its names have the same number")
    return profile


def _whole_entry(name: str, entries: Mapping[str, Any], seen: Sequence[str]) -> dict[str, Any]:
    entry = entries.get(name)
    if not isinstance(entry, dict):
        raise _bad(f"[{name}]", "there is no such table")
    own = dict(entry)
    base = own.pop("based_on", None)
    if base is None:
        return own
    if base in (*seen, name):
        raise _bad(f"[{name}]", "based_on leads back to itself")
    inherited = _whole_entry(str(base), entries, (*seen, name))
    for key in ("title", "modules"):
        inherited.pop(key, None)
    return inherited | own


def _check_modules(name: str, modules: Sequence[KnownModule]) -> None:
    for module in modules:
        try:
            is_exact = checksum(module.address) == module.address
        except ValueError:
            is_exact = False
        if not is_exact or int(module.address, 16) == 0:
            raise _bad(
                f"[[{name}.modules]]", f"{module.name} has {module.address}, not a checksummed address"
            )
    names = [module.name for module in modules]
    if len(set(names)) < len(names):
        raise _bad(f"[[{name}.modules]]", "a module is listed twice")


def _check_choosable(profiles: Mapping[str, NetworkProfile]) -> None:
    """Require that networks on one chain can be told apart by their Runtime."""
    owners: dict[tuple[int, str | None], str] = {}
    for name, profile in profiles.items():
        for chain_id in profile.chain_ids:
            other = owners.setdefault((chain_id, profile.runtime), name)
            if other != name:
                raise _bad(f"[{name}]", f"chain {chain_id} and its Runtime are those of [{other}] too")


def _bad(place: str, why: str) -> Exception:
    return problem_error(
        "bad_network",
        f"The network profiles cannot be used: {place} in networks.toml is wrong",
        why,
        "Correct the file, or install the program anew",
    )
