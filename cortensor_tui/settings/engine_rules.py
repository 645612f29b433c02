"""What holds between the settings about the engine: its token, its container, and who can read prompts."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cortensor_tui.settings.env_file import EnvFile
from cortensor_tui.settings.model import SettingNote, SettingProblem

URL_KEY: Final = "CORTENSOR_TUI_ENGINE_URL"
TOKEN_KEY: Final = "CORTENSOR_TUI_ENGINE_TOKEN"  # noqa: S105 - a name, no token
TOKEN_FILE_KEY: Final = "CORTENSOR_TUI_ENGINE_TOKEN_FILE"  # noqa: S105
IMAGE_KEY: Final = "LLM_CONTAINER_IMAGE"
_LAST_PORT = 65_535
# Names that no public name server gives out, RFC 6762, 8375 and 9476 among others.
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # providers' and overlay networks' own, RFC 6598


def engine_problems(path: Path, file: EnvFile, fields: Mapping[str, Any]) -> list[SettingProblem]:
    """Return what keeps the engine that was chosen from being made."""
    return [*_token_problems(path, file, fields), *_container_problems(path, file, fields)]


def _token_problems(path: Path, file: EnvFile, fields: Mapping[str, Any]) -> list[SettingProblem]:
    """Return a problem where the token comes from two places."""
    if fields["engine_token"] is None or fields["engine_token_file"] is None:
        return []
    entry = file.entries.get(TOKEN_KEY)
    return [
        SettingProblem(
            path=str(path) if entry else "the environment",
            line=entry.line if entry else None,
            key=TOKEN_KEY,
            what=f"is set and so is {TOKEN_FILE_KEY}: which of them is meant is not clear",
            remedy=f"Take one of them out; {TOKEN_FILE_KEY} keeps the token out of this file",
        )
    ]


def _container_problems(path: Path, file: EnvFile, fields: Mapping[str, Any]) -> list[SettingProblem]:
    """Return a problem where a container has no image, or a port that there is not."""
    if fields["engine"] != "container":
        return []
    found = []
    if not fields["container_image"]:
        found.append(
            _problem(
                path,
                file,
                IMAGE_KEY,
                "is empty, and the engine is a container",
                "Name the image of a model server there, or set CORTENSOR_TUI_ENGINE=llama",
            )
        )
    port = worker_port(fields["worker_base_port"], fields["worker_port_prefix"], fields["llm_port"])
    if port > _LAST_PORT:
        found.append(
            _problem(
                path,
                file,
                "LLM_WORKER_PORT_PREFIX",
                f"added to the base port makes {port}, and ports end at {_LAST_PORT}",
                "Set a smaller one",
            )
        )
    return found


def _problem(path: Path, file: EnvFile, key: str, what: str, remedy: str) -> SettingProblem:
    entry = file.entries.get(key)
    return SettingProblem(
        path=str(path), line=entry.line if entry else None, key=key, what=what, remedy=remedy
    )


def worker_port(base: int | None, prefix: int, llm_port: int) -> int:
    """Return on which port of this machine a container's server is reached, as the network adds it up."""
    return (llm_port if base is None else base) + prefix


def engine_notes(file: EnvFile, fields: Mapping[str, Any]) -> list[SettingNote]:
    """Return a warning where prompts and answers would cross a public network in clear."""
    if fields["engine"] != "http":
        return []
    url = engine_url(fields["engine_url"], fields["llm_host"], fields["llm_port"])
    parts = urlsplit(url)
    if parts.scheme.lower() != "http" or is_near(parts.hostname or ""):
        return []
    key = "LLM_HOST" if fields["engine_url"] is None else URL_KEY
    entry = file.entries.get(key)
    text = (
        f"{key} names a model server over http:// that may be beyond your own networks: prompts, answers and "
        "the token travel in clear; use https://, or a tunnel"
    )
    return [SettingNote(key=key, line=entry.line if entry else None, text=text)]


def engine_url(url: str | None, host: str, port: int) -> str:
    """Return where the model server is: as one address, or put together from the network's two settings."""
    if url is not None:
        return url
    is_bare_v6 = ":" in host and not host.startswith("[")
    return f"http://[{host}]:{port}" if is_bare_v6 else f"http://{host}:{port}"


def is_near(host: str) -> bool:
    """Tell whether a host is this machine or in a private network, as far as its name says."""
    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return "." not in name or name.endswith(_PRIVATE_ENDINGS)
    is_shared = address.version == 4 and address in _SHARED
    return address.is_private or address.is_loopback or address.is_link_local or is_shared
