"""Finds out which server answers, and looks again at one that is known."""

from __future__ import annotations

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.openai_http.exchange import Exchange
from cortensor_tui.inference.openai_http.faults import Fault, ServerError
from cortensor_tui.inference.openai_http.problems import no_model, not_compatible
from cortensor_tui.inference.openai_http.servers import (
    DETAILS_PATH,
    MODELS_PATH,
    ListedModel,
    Server,
    ServerKind,
    as_loaded,
    busy_slots,
    listed_models,
    plain_server,
    requests_processing,
    server_from,
    supposed_kinds,
    with_known_context,
)

SLOTS_PATH = "/slots"
METRICS_PATH = "/metrics"
LOADED_PATH = "/api/ps"
# Faults of one path alone: the server is there, and is not of the kind that has this path.
_NOT_OF_THAT_KIND = (Fault.NO_SUCH_PATH, Fault.REFUSED, Fault.FORBIDDEN, Fault.FAILED, Fault.GARBLED)


async def find_server(exchange: Exchange, name: str, wanted_model: str, answer_s: float) -> Server:
    """Return what answers. Raises `ServerError` where nothing does, `ProblemError` where it is of no use."""
    models = listed_models(await exchange.get(MODELS_PATH, answer_s))
    if models is None:
        raise ProblemError(not_compatible(name, "what is there is no list"))
    model = _chosen(models, name, wanted_model)
    for kind in supposed_kinds(model):
        found = await _detailed(exchange, model, kind, answer_s)
        if found is not None:
            return found
    return plain_server(model)


async def look_again(exchange: Exchange, name: str, known: Server, answer_s: float) -> Server:
    """Return a known server as it is now; one that is of another kind by now is found anew. Raises alike."""
    if known.kind is not ServerKind.OTHER:
        found = await _detailed(exchange, known.listed, known.kind, answer_s)
        if found is not None:
            return with_known_context(found, known)
    return await find_server(exchange, name, known.model_id, answer_s)


async def runs_on(exchange: Exchange, server: Server, answer_s: float) -> int | None:
    """Return how many runs a server works on, whoever asked for them; None where it does not tell."""
    try:
        if server.tells_slots:
            return busy_slots(await exchange.get(SLOTS_PATH, answer_s))
        if server.tells_metrics:
            return requests_processing(await exchange.get_text(METRICS_PATH, answer_s))
    except ServerError:
        pass  # told by the next look, if it is more than a path that is switched off
    return None


def _chosen(models: list[ListedModel], name: str, wanted: str) -> ListedModel:
    chosen = next((model for model in models if not wanted or model.model_id == wanted), None)
    if chosen is None:
        raise ProblemError(no_model(name, inert(wanted, 80), [inert(one.model_id, 80) for one in models]))
    return chosen


async def _detailed(
    exchange: Exchange, model: ListedModel, kind: ServerKind, answer_s: float
) -> Server | None:
    try:
        found = server_from(model, kind, await exchange.get(DETAILS_PATH[kind], answer_s))
        if found is not None and kind is ServerKind.OLLAMA:
            return as_loaded(found, await exchange.get(LOADED_PATH, answer_s))
        return found
    except ServerError as error:
        if error.fault in _NOT_OF_THAT_KIND:
            return None
        raise
