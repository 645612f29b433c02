"""Model servers told apart by what they answer, and what each can do of what a task asks.

Sources: llama.cpp tools/server/README.md, docs.vllm.ai (OpenAI-compatible server, extra parameters),
docs.ollama.com (OpenAI compatibility, /api/ps), lmstudio.ai/docs (OpenAI compatibility, REST API),
llama_cpp/server/app.py of llama-cpp-python 0.3.36.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from cortensor_tui.domain.inert import inert

MODELS_PATH = "/v1/models"
_MAX_NAME = 120
_MAX_VERSION = 40
_MAX_MODELS = 10_000
_MOST_TOKENS = 2**31
_REQUESTS_PROCESSING = re.compile(rb"^llamacpp:requests_processing (\d{1,6})$", re.MULTILINE)


class ServerKind(StrEnum):
    """Servers that are known by name; the value is for people."""

    LLAMA_SERVER = "llama-server"
    VLLM = "vLLM"
    OLLAMA = "Ollama"
    LM_STUDIO = "LM Studio"
    LLAMA_CPP_PYTHON = "llama-cpp-python"
    OTHER = "OpenAI-compatible server"


DETAILS_PATH: Mapping[ServerKind, str] = {
    ServerKind.LLAMA_SERVER: "/props",
    ServerKind.VLLM: "/version",
    ServerKind.OLLAMA: "/api/version",
    ServerKind.LM_STUDIO: "/api/v0/models",
    ServerKind.LLAMA_CPP_PYTHON: "/openapi.json",  # its list of models would break a run off
}
"""Where each kind tells more of itself than OpenAI's interface has room for."""

EXTRA_PARAMETERS: Mapping[ServerKind, Mapping[str, str]] = {
    ServerKind.LLAMA_SERVER: {"top_k": "top_k", "repeat_penalty": "repeat_penalty"},
    ServerKind.VLLM: {"top_k": "top_k", "repeat_penalty": "repetition_penalty"},
    ServerKind.LM_STUDIO: {"top_k": "top_k", "repeat_penalty": "repeat_penalty"},
    ServerKind.LLAMA_CPP_PYTHON: {"top_k": "top_k", "repeat_penalty": "repeat_penalty"},
    ServerKind.OLLAMA: {},
    ServerKind.OTHER: {},
}
"""What each calls the parameters for which OpenAI's interface has no name."""

_OWNERS = {
    "llamacpp": ServerKind.LLAMA_SERVER,
    "vllm": ServerKind.VLLM,
    "library": ServerKind.OLLAMA,
    "organization_owner": ServerKind.LM_STUDIO,
    "organization-owner": ServerKind.LM_STUDIO,
    "me": ServerKind.LLAMA_CPP_PYTHON,
}
_LLAMA_CPP_PYTHON_TITLE = "llama.cpp Python API"


class ListedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model of a server's list."""

    model_id: str
    owner: str
    context_tokens: int | None


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a server; None and "" where it does not say.

    `listed` is the model that answers, `slots` how many runs it works on at once.
    """

    kind: ServerKind
    listed: ListedModel
    model_name: str
    version: str = ""
    context_tokens: int | None = None
    slots: int | None = None
    template_sha256: str = ""
    tells_slots: bool = False
    tells_metrics: bool = False

    @property
    def model_id(self) -> str:
        """Return what requests call the model."""
        return self.listed.model_id

    @property
    def title(self) -> str:
        """Return kind and version as people name them."""
        return f"{self.kind} {self.version}".strip()


def listed_models(answer: Any) -> list[ListedModel] | None:
    """Read a list of models, None where the answer is no such list."""
    entries = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        return None
    return [
        ListedModel(
            model_id=entry["id"],
            owner=_text(entry, "owned_by"),
            context_tokens=_tokens(entry.get("max_model_len")),
        )
        for entry in entries[:_MAX_MODELS]
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]
    ]


def supposed_kinds(model: ListedModel) -> tuple[ServerKind, ...]:
    """Return the kinds that the list speaks for, the likeliest first; the details settle it.

    What stands in front of llama-server, or is built from it, calls the owner otherwise, and Ollama names
    whoever published the model.
    """
    known = _OWNERS.get(model.owner)
    return (ServerKind.LLAMA_SERVER, ServerKind.OLLAMA) if known is None else (known,)


def plain_server(model: ListedModel) -> Server:
    """Return a server of which only its list of models is known."""
    return _bare(model, ServerKind.OTHER)


def server_from(model: ListedModel, kind: ServerKind, details: Any) -> Server | None:
    """Return the server that these details tell of, None where they are not of that kind."""
    found = details if isinstance(details, dict) else {}
    bare = _bare(model, kind)
    match kind:
        case ServerKind.LLAMA_SERVER:
            return _llama_server(bare, found)
        case ServerKind.VLLM | ServerKind.OLLAMA:
            version = _text(found, "version")
            return msgspec.structs.replace(bare, version=inert(version, _MAX_VERSION)) if version else None
        case ServerKind.LM_STUDIO:
            return _lm_studio(bare, found)
        case ServerKind.LLAMA_CPP_PYTHON:
            return _llama_cpp_python(bare, found)
        case ServerKind.OTHER:
            return bare


def as_loaded(server: Server, loaded: Any) -> Server:
    """Return an Ollama with the context that it has given the model, as far as that is loaded."""
    entries = loaded.get("models") if isinstance(loaded, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("name") == server.model_id:
            return msgspec.structs.replace(server, context_tokens=_tokens(entry.get("context_length")))
    return server


def with_known_context(server: Server, known: Server) -> Server:
    """Return a server with the context that it told before, where it has put the model aside meanwhile."""
    if server.context_tokens is not None or server.model_id != known.model_id:
        return server
    return msgspec.structs.replace(server, context_tokens=known.context_tokens)


def busy_slots(answer: Any) -> int | None:
    """Return how many of llama-server's slots work, None where the answer does not say."""
    if not isinstance(answer, list):
        return None
    return sum(isinstance(slot, dict) and slot.get("is_processing") is True for slot in answer)


def requests_processing(metrics: bytes) -> int | None:
    """Return the same from llama-server's metrics, None where they do not say."""
    found = _REQUESTS_PROCESSING.search(metrics)
    return int(found[1]) if found else None


def _bare(model: ListedModel, kind: ServerKind) -> Server:
    return Server(
        kind=kind, listed=model, model_name=_name(model.model_id), context_tokens=model.context_tokens
    )


def _llama_server(bare: Server, props: dict[str, Any]) -> Server | None:
    settings = props.get("default_generation_settings")
    if not isinstance(settings, dict):
        return None
    template = _text(props, "chat_template")
    path = _text(props, "model_path")
    return msgspec.structs.replace(
        bare,
        version=inert(_text(props, "build_info"), _MAX_VERSION),
        model_name=_name(path) if path else bare.model_name,
        context_tokens=_tokens(settings.get("n_ctx")),
        slots=_tokens(props.get("total_slots")),
        template_sha256=hashlib.sha256(template.encode("utf-8", "replace")).hexdigest() if template else "",
        tells_slots=props.get("endpoint_slots") is True,
        tells_metrics=props.get("endpoint_metrics") is True,
    )


def _lm_studio(bare: Server, details: dict[str, Any]) -> Server | None:
    entries = details.get("data")
    if not isinstance(entries, list):
        return None
    found = [one for one in entries if isinstance(one, dict) and one.get("id") == bare.model_id]
    loaded = _tokens(found[0].get("loaded_context_length")) if found else None
    return msgspec.structs.replace(bare, context_tokens=loaded)


def _llama_cpp_python(bare: Server, details: dict[str, Any]) -> Server | None:
    """Return it as one that works on one run: by default (`interrupt_requests`) the next breaks it off."""
    info = details.get("info")
    found = info if isinstance(info, dict) else {}
    if _LLAMA_CPP_PYTHON_TITLE not in _text(found, "title"):
        return None
    return msgspec.structs.replace(bare, version=inert(_text(found, "version"), _MAX_VERSION), slots=1)


def _name(model_id: str) -> str:
    """Return a model's name as it is shown: a file's without folders and ending."""
    return inert(model_id.rsplit("/", 1)[-1].removesuffix(".gguf"), _MAX_NAME)


def _text(whole: dict[str, Any], name: str) -> str:
    value = whole.get(name)
    return value if isinstance(value, str) else ""


def _tokens(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < _MOST_TOKENS else None
