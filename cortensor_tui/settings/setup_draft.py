"""What a person has typed to set up a node, and the settings file that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from cortensor_tui.settings.env_file import env_line
from cortensor_tui.settings.kinds import mask_url
from cortensor_tui.settings.secret import Secret

_HEAD = """\
# Settings of a cortensor-tui node, written by its set-up. All others have their defaults; see them with
# `cortensor-tui config list`, or at place 7 of the dashboard.
"""


class Step(StrEnum):
    """One page of the set-up."""

    NETWORK = "network"
    ENDPOINT = "endpoint"
    CONTRACTS = "contracts"
    ADDRESS = "address"
    KEY = "key"
    ENGINE = "engine"
    STORE = "store"
    SUMMARY = "summary"


class KeyWay(StrEnum):
    """Where the node's key comes from."""

    NEW = "new"
    IMPORTED = "imported"
    EXISTING = "existing"


class EngineWay(StrEnum):
    """What runs the model; the values are those of CORTENSOR_TUI_ENGINE."""

    LLAMA = "llama"
    HTTP = "http"
    CONTAINER = "container"


SERVING_STEPS = tuple(step for step in Step if step is not Step.ADDRESS)
"""The way of a node that answers tasks."""

WATCHING_STEPS = (Step.NETWORK, Step.ENDPOINT, Step.CONTRACTS, Step.ADDRESS, Step.SUMMARY)
"""The way of a node that watches an address."""


class SetupDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Everything typed so far, as typed; "" for what was left empty. `keystore` is one that exists.

    `network` is the name of the `NetworkChoice` that was taken. `is_watching`: the node is to watch an
    address without any key, so that no key and no model is asked for.
    """

    is_watching: bool = False
    network: str = ""
    host: str = ""
    chain_id: str = ""
    runtime: str = ""
    session_address: str = ""
    queue_address: str = ""
    watch_address: str = ""
    key_way: KeyWay = KeyWay.NEW
    private_key: Secret = Secret("")
    keystore: str = ""
    password: Secret = Secret("")
    password_again: Secret = Secret("")
    engine_way: EngineWay = EngineWay.LLAMA
    model_path: str = ""
    engine_url: str = ""
    engine_model: str = ""
    engine_token_file: str = ""
    container_image: str = ""
    data_dir: str = ""

    def __repr__(self) -> str:
        return "SetupDraft()"  # an endpoint may hold a token


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What probing one field told; `is_good` is None for what is neither good nor bad."""

    field: str
    is_good: bool | None
    text: str
    remedy: str = ""


def env_values(draft: SetupDraft, keystore: Path | None) -> dict[str, str]:
    """Return the settings by name, without those that were left empty.

    `keystore` is None where an address is watched.
    """
    address = draft.watch_address.strip()
    values = {
        "HOST": draft.host,
        "CHAINID": draft.chain_id,
        "CONTRACT_ADDRESS_RUNTIME": draft.runtime,
        "CORTENSOR_TUI_SESSION_V2_ADDRESS": draft.session_address,
        "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS": draft.queue_address,
    }
    if keystore is None:
        # A log of its own: a node that answers may run beside it, with the same data folder.
        values |= {"CORTENSOR_TUI_WATCH_ADDRESS": address, "LOG_FILE_NAME": f"watching_{address[:10]}.log"}
    else:
        values |= {
            "CORTENSOR_TUI_NODE_KEYSTORE": str(keystore),
            **_engine_values(draft),
            "CORTENSOR_TUI_DATA_DIR": draft.data_dir,
        }
    return {key: value.strip() for key, value in values.items() if value.strip()}


def _engine_values(draft: SetupDraft) -> dict[str, str]:
    """Return the settings of the engine that was chosen, and of no other; the first is the default."""
    match draft.engine_way:
        case EngineWay.LLAMA:
            return {"CORTENSOR_TUI_MODEL_PATH": draft.model_path}
        case EngineWay.HTTP:
            return {
                "CORTENSOR_TUI_ENGINE": draft.engine_way.value,
                "CORTENSOR_TUI_ENGINE_URL": draft.engine_url,
                "CORTENSOR_TUI_ENGINE_MODEL": draft.engine_model,
                "CORTENSOR_TUI_ENGINE_TOKEN_FILE": draft.engine_token_file,
            }
        case EngineWay.CONTAINER:
            return {
                "CORTENSOR_TUI_ENGINE": draft.engine_way.value,
                "LLM_CONTAINER_IMAGE": draft.container_image,
                "CORTENSOR_TUI_MODEL_PATH": draft.model_path,
            }


def env_text(values: Mapping[str, str]) -> str:
    """Return a settings file with these values."""
    return _HEAD + "".join(env_line(key, value) for key, value in values.items())


def shown_lines(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of the file fit to be shown: an endpoint without its token."""
    return tuple(f"{key}={mask_url(value) if '://' in value else value}" for key, value in values.items())


class NetworkChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A network that is known, with what its settings begin with."""

    name: str
    title: str
    chain_id: int
    host: str = ""
    runtime: str = ""


def on_network(draft: SetupDraft, chosen: NetworkChoice, known: Iterable[NetworkChoice]) -> SetupDraft:
    """Return the draft for another network; an endpoint and a Runtime that a person typed stay."""
    before = next((one for one in known if one.name == draft.network), None)
    is_own_host = draft.host not in ("", before.host if before else "")
    is_own_runtime = draft.runtime not in ("", before.runtime if before else "")
    return msgspec.structs.replace(
        draft,
        network=chosen.name,
        chain_id=str(chosen.chain_id),
        host=draft.host if is_own_host else chosen.host,
        runtime=draft.runtime if is_own_runtime else chosen.runtime,
    )


class KeyTreatment(StrEnum):
    """What becomes of a plain key when a settings file is taken over."""

    ENCRYPT = "encrypt"
    ENCRYPT_AND_BLANK = "encrypt and blank"
    KEEP = "keep"


class ImportDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed to use a settings file that exists; `path` is None before anything was.

    `enables_dedicated`: where the file has ENABLE_DEDICATED_NODE off, it is switched on in what is written.
    """

    path: str | None = None
    treatment: KeyTreatment = KeyTreatment.ENCRYPT
    password: Secret = Secret("")
    password_again: Secret = Secret("")
    enables_dedicated: bool = True


class UnderstoodLine(msgspec.Struct, frozen=True, kw_only=True):
    """One setting of a file: what was made of it. `is_good` is None for what is kept and not used here.

    `is_doubtful`: it can be used, and the node will not serve with it. `is_known` is False for a name that
    neither this program nor cortensord has. `default` is the default in words, where the value is another.
    """

    line: int | None
    name: str
    says: str
    is_good: bool | None
    is_doubtful: bool = False
    is_known: bool = True
    default: str = ""


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """A settings file, line by line. `has_plain_key` tells that it holds the node's key in plain text.

    `key_address` is the address of the node's key, None while it is unknown or there is none.
    `is_dedicated_off` tells that ENABLE_DEDICATED_NODE would block the node.
    """

    path: Path
    lines: tuple[UnderstoodLine, ...]
    is_usable: bool
    has_plain_key: bool
    key_address: str | None = None
    is_dedicated_off: bool = False


class SetUp(msgspec.Struct, frozen=True, kw_only=True):
    """A node that was set up; `password` opens its keystore at the first start, None where none is needed.

    `keystore` is one that was written for it.
    """

    settings_path: Path
    password: Secret | None = None
    keystore: Path | None = None
