"""From the settings to the engine that they name."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.inference.engine import Engine, HealthListener
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from cortensor_tui.settings import Settings
from cortensor_tui.settings.engine_rules import engine_url
from cortensor_tui.settings.token_file import read_token_file


def choose_engine(settings: Settings, model_path: Path, on_health: HealthListener) -> Engine:
    """Build the engine. `model_path` is where the model is or will be, for those that read it themselves."""
    if settings.engine == "http":
        return _http(settings, on_health)
    return _llama(settings, model_path, on_health)


def reads_model_file(settings: Settings) -> bool:
    """Tell whether the engine needs a model file on this machine."""
    return settings.engine == "llama"


def gpu_layers(settings: Settings) -> int:
    """Return how many layers go to the GPU: none unless it is on, all where the number is left open."""
    if not settings.gpu_enabled:
        return 0
    return -1 if settings.gpu_layers is None else settings.gpu_layers


def _llama(settings: Settings, model_path: Path, on_health: HealthListener) -> Engine:
    return LlamaProcess(
        model_path,
        context_tokens=settings.context_tokens,
        batch_tokens=settings.batch_tokens,
        threads=settings.cpu_threads,
        decode_threads=settings.decode_threads,
        prefill_threads=settings.prefill_threads,
        gpu_layers=gpu_layers(settings),
        mlock=settings.mlock,
        slots=settings.slots,
        on_health=on_health,
    )


def _http(settings: Settings, on_health: HealthListener) -> Engine:
    return OpenAiHttp(
        engine_url(settings.engine_url, settings.llm_host, settings.llm_port),
        context_tokens=settings.context_tokens,
        token=lambda: _token(settings),
        model=settings.engine_model,
        on_health=on_health,
    )


def _token(settings: Settings) -> str:
    if settings.engine_token_file is not None:
        return read_token_file(settings.engine_token_file)
    return settings.engine_token.reveal() if settings.engine_token is not None else ""
