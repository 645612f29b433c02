"""Servers told apart by what they answer, and what each is asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inference import Generation
from cortensor_tui.inference.openai_http.requests import SAMPLER_CHAIN, request_for
from cortensor_tui.inference.openai_http.servers import (
    ListedModel,
    Server,
    ServerKind,
    as_loaded,
    busy_slots,
    listed_models,
    plain_server,
    server_from,
    supposed_kinds,
    with_known_context,
)
from tests.inference.engines import GREEDY, ask
from tests.inference.openai_http.told_server import PROPS

PLAIN = ListedModel(model_id="m", owner="", context_tokens=None)
ASKED = msgspec.structs.replace(GREEDY, temperature=0.7, top_p=0.9, top_k=40, repeat_penalty=1.2)


def payload(kind: ServerKind, generation: Generation) -> dict[str, Any]:
    server = Server(kind=kind, listed=PLAIN, model_name="m")
    asked: dict[str, Any] = msgspec.json.decode(request_for(generation, server).body)
    return asked


def found(owner: str, details: Any, **more: Any) -> Server:
    models = listed_models({"data": [{"id": "org/model", "owned_by": owner, **more}]})
    assert models
    kinds = supposed_kinds(models[0])
    known = (server_from(models[0], kind, details) for kind in kinds)
    return next((server for server in known if server is not None), plain_server(models[0]))


def test_each_server_is_known_by_its_list_and_its_details() -> None:
    llama = found("llamacpp", PROPS)
    assert (llama.title, llama.context_tokens, llama.slots) == ("llama-server b1234-abcdef0", 1024, 2)
    assert (llama.model_name, len(llama.template_sha256)) == ("Told-1B.Q4_1", 64)
    vllm = found("vllm", {"version": "0.6.3"}, max_model_len=4096)
    assert (vllm.title, vllm.context_tokens, vllm.model_name) == ("vLLM 0.6.3", 4096, "model")
    ollama = found("library", {"version": "0.5.1"})
    assert (ollama.title, ollama.context_tokens) == ("Ollama 0.5.1", None)
    loaded = as_loaded(ollama, {"models": [{"name": "x"}, {"name": "org/model", "context_length": 4096}]})
    assert loaded.context_tokens == 4096
    put_aside = as_loaded(ollama, {"models": []})
    assert with_known_context(put_aside, loaded).context_tokens == 4096
    studio = found("organization_owner", {"data": [{"id": "org/model", "loaded_context_length": 8192}]})
    assert (studio.title, studio.context_tokens) == ("LM Studio", 8192)
    python = found("me", {"info": {"title": "🦙 llama.cpp Python API", "version": "0.3.36"}})
    assert (python.title, python.slots) == ("llama-cpp-python 0.3.36", 1), "the next run breaks one off"
    published = found("bartowski", {"version": "0.12.1"})
    assert published.title == "Ollama 0.12.1", "it names the model's publisher as the owner"


@pytest.mark.parametrize("owner", ["llamacpp", "vllm", "library", "organization-owner", "me", "openai", ""])
def test_a_server_that_only_claims_to_be_one_is_any(owner: str) -> None:
    assert found(owner, {"something": "else"}).kind is ServerKind.OTHER
    assert found(owner, ["no object"]).kind is ServerKind.OTHER


def test_a_version_cannot_act_on_a_terminal() -> None:
    assert "\x1b" not in found("vllm", {"version": "1\x1b[2J" + "9" * 500}).title
    assert len(found("vllm", {"version": "9" * 500}).title) < 60


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "id", "owned_by", "default_generation_settings", "n_ctx", "version"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(listed=json_values, details=json_values, kind=st.sampled_from(ServerKind))
def test_whatever_a_server_answers_is_read_without_failing(
    listed: Any, details: Any, kind: ServerKind
) -> None:
    listed_models(listed)
    busy_slots(details)
    as_loaded(plain_server(PLAIN), details)
    model = PLAIN
    server = server_from(model, kind, details)
    assert server is None or server.context_tokens is None or server.context_tokens > 0


def test_parameters_go_by_the_names_that_each_server_has_for_them() -> None:
    llama = payload(ServerKind.LLAMA_SERVER, ask("Hello", ASKED))
    assert (llama["top_k"], llama["repeat_penalty"]) == (40, 1.2)
    assert (llama["temperature"], llama["top_p"], llama["seed"], llama["max_tokens"]) == (0.7, 0.9, 7, 24)
    assert llama["samplers"] == list(SAMPLER_CHAIN)
    vllm = payload(ServerKind.VLLM, ask("Hello", ASKED))
    assert (vllm["top_k"], vllm["repetition_penalty"]) == (40, 1.2)
    assert "cache_prompt" not in vllm


@pytest.mark.parametrize("kind", [ServerKind.OLLAMA, ServerKind.OTHER])
def test_what_a_server_cannot_be_told_is_told_as_a_clamp(kind: ServerKind) -> None:
    server = Server(kind=kind, listed=PLAIN, model_name="m")
    request = request_for(ask("Hello", ASKED), server)
    assert [(clamp.name, clamp.asked, clamp.applied) for clamp in request.clamps] == [
        ("top_k", 40.0, 0.0),
        ("repeat_penalty", 1.2, 1.0),
    ]
    assert not {"top_k", "repeat_penalty", "repetition_penalty"} & set(msgspec.json.decode(request.body))
    assert request_for(ask("Hello", GREEDY), server).clamps == ()


def test_a_reproducible_run_reuses_nothing() -> None:
    plain = ask("Hello")
    assert payload(ServerKind.LLAMA_SERVER, plain)["cache_prompt"] is True
    reproducible = msgspec.structs.replace(plain, is_reproducible=True)
    assert payload(ServerKind.LLAMA_SERVER, reproducible)["cache_prompt"] is False


def test_raw_text_goes_without_a_chat_template() -> None:
    raw = payload(ServerKind.OTHER, ask("Once upon", role="raw"))
    assert raw["prompt"] == "Once upon"
    assert "messages" not in raw
    chat = payload(ServerKind.OTHER, ask("Hello"))
    assert chat["messages"] == [{"role": "user", "content": "Hello"}]
