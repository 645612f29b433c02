"""llama.cpp through its C interface: weights, vocabulary and one context. Lives in the engine process only.

The low-level interface is used rather than `llama_cpp.Llama`, which computes one prompt at a time, has no
load progress, no way to stop in the middle of a prompt, and reuses the last prompt's state whoever asked it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as native

from cortensor_tui.domain.inference import EngineFacts, SamplingParams
from cortensor_tui.inference.llama.context import Context
from cortensor_tui.inference.llama.cpus import available_processors, physical_cores, suited_threads
from cortensor_tui.inference.llama.log import LlamaLog
from cortensor_tui.inference.llama.sampling import Sampler
from cortensor_tui.inference.llama.thread_choice import (
    ThreadFile,
    Threads,
    choice_key,
    measured_threads,
    thread_ranges,
)
from cortensor_tui.inference.llama.vocabulary import Vocabulary
from cortensor_tui.inference.llama.wire import Load
from cortensor_tui.inference.models.examine import require_fit
from cortensor_tui.inference.models.free_memory import free_memory_bytes
from cortensor_tui.inference.models.gguf import check_gguf
from cortensor_tui.inference.problems import MEMORY_REMEDY, OTHER_MODEL_REMEDY, model_load_failed

Handle = Any
"""A pointer of llama.cpp's, opaque here."""

_ALL_LAYERS = 0x7FFFFFFF
_KV_TYPE, _KV_NAME = native.GGML_TYPE_F16, "f16"


class LlamaModel:
    """A loaded model with one context. Raises `ProblemError` "model_load_failed" from the constructor."""

    def __init__(self, load: Load, log: LlamaLog, on_progress: Callable[[float], None]) -> None:
        self._log = log  # kept alive: C code calls it as long as there is a model
        native.llama_backend_init()
        gpu_layers = _gpu_layers(load)
        self._model = _load_weights(load, gpu_layers, log, on_progress)
        # llama.cpp counts the output as one layer more.
        self._gpu_layers = min(gpu_layers, int(native.llama_model_n_layer(self._model)) + 1)
        handle = _make_context(self._model, load)
        vocabulary = self._vocabulary = Vocabulary(self._model, int(native.llama_n_ctx_seq(handle)))
        context = self.context = Context(handle, vocabulary.tokens)
        self.context_tokens = context.tokens
        self.batch_tokens = min(max(1, load.batch_tokens), context.batch_tokens)
        self.slots = context.sequences
        # A model whose memory is a state rather than cells cannot be cut back to a prefix.
        is_state = native.llama_model_is_recurrent(self._model) or native.llama_model_is_hybrid(self._model)
        self.can_reuse = not is_state
        self.end_texts = vocabulary.end_texts
        # What serving asks for each token goes straight to those who do it.
        self.tokenize, self.piece, self.is_end = vocabulary.tokenize, vocabulary.piece, vocabulary.is_end
        self.decode, self.share = context.decode, context.share
        self.forget, self.forget_all = context.forget, context.forget_all
        self.state_bytes, self.state, self.restore = context.state_bytes, context.state, context.restore
        context.warm_up(vocabulary.begin_token)
        vocabulary.warm_up()
        self._settle_threads(load)

    def use_threads(self, decode: int, prefill: int) -> None:
        """Compute one token with so many threads from now on, and several at once with so many."""
        self.context.use_threads(decode, prefill)

    def _settle_threads(self, load: Load) -> None:
        self.decode_threads, self.prefill_threads = thread_ranges(
            self._chosen_threads(load),
            load.decode_threads,
            load.prefill_threads,
            physical_cores(),
            available_processors(),
        )
        self.use_threads(self.decode_threads.settled, self.prefill_threads.settled)

    def _chosen_threads(self, load: Load) -> Threads:
        is_open = load.decode_threads is None or load.prefill_threads is None
        if not (load.thread_file and is_open):
            decode, prefill = suited_threads()
            return Threads(decode=decode, prefill=prefill)
        key = choice_key(Path(load.model_path), build_name(), available_processors())
        file = ThreadFile(Path(load.thread_file))
        chosen = file.read(key)
        if chosen is None:
            chosen = measured_threads(self, physical_cores(), available_processors())
            file.write(key, chosen)
        return chosen

    @property
    def facts(self) -> EngineFacts:
        """Return what answers depend on."""
        return EngineFacts(
            build=build_name(),
            context_tokens=self.context_tokens,
            batch_tokens=self.batch_tokens,
            decode_threads=self.decode_threads.settled,
            prefill_threads=self.prefill_threads.settled,
            slots=self.slots,
            flash_attention=self._log.flash_attention,
            kv_type=_KV_NAME,
            template_sha256=self._vocabulary.template_sha256,
            gpu_layers=self._gpu_layers,
        )

    def sampler(self, params: SamplingParams, seed: int) -> Sampler:
        """Return what chooses the tokens of one run; whoever asks closes it."""
        return Sampler(self.context, params, seed)


def build_name() -> str:
    """Name the llama.cpp that runs: its own version, commit where it knows it, and the binding's."""
    version = native.llama_version().decode("ascii", "replace")
    return f"llama.cpp {version} (llama-cpp-python {metadata.version('llama-cpp-python')})"


def _gpu_layers(load: Load) -> int:
    """Return how many layers are to go to a GPU: none where this llama.cpp has none to use.

    All of them is a number above any model's. Raises `ProblemError` "model_does_not_fit", since who asked for
    a GPU was not told before whether the machine's own memory would do.
    """
    if load.gpu_layers == 0:
        return 0
    if native.llama_supports_gpu_offload():
        return _ALL_LAYERS if load.gpu_layers < 0 else load.gpu_layers
    path = Path(load.model_path)
    if load.checks_memory:
        require_fit(path, check_gguf(path), load.context_tokens, free_memory_bytes())
    return 0


def _load_weights(load: Load, gpu_layers: int, log: LlamaLog, on_progress: Callable[[float], None]) -> Handle:
    def progressed(fraction: float, _: object) -> bool:
        on_progress(fraction)
        return True

    params = native.llama_model_default_params()
    params.n_gpu_layers = gpu_layers
    params.load_mode = native.LLAMA_LOAD_MODE_MMAP_MLOCK if load.is_locked else native.LLAMA_LOAD_MODE_MMAP
    params.progress_callback = native.llama_progress_callback(progressed)
    model = native.llama_model_load_from_file(load.model_path.encode(), params)
    if model is None:
        why = log.first_error or "It is damaged, or too big for the memory"
        remedy = MEMORY_REMEDY if "alloc" in why else OTHER_MODEL_REMEDY
        raise model_load_failed("llama.cpp could not load the model", why, remedy)
    return model


def _make_context(model: Handle, load: Load) -> Handle:
    trained = int(native.llama_model_n_ctx_train(model))
    slots = max(1, load.slots)
    params = native.llama_context_default_params()
    params.n_ctx = min(load.context_tokens, trained) if load.context_tokens > 0 else trained
    # One batch is one graph, so that one that is aborted leaves no cells behind; a state has moved on.
    params.n_batch = params.n_ubatch = max(slots, min(params.n_ctx, load.batch_tokens))
    params.n_seq_max = slots
    params.n_outputs_max = slots  # only the last token of each run: llama.cpp reserves memory for them
    params.kv_unified = True  # so that one long task may have all of it
    params.type_k = params.type_v = _KV_TYPE
    params.n_threads, params.n_threads_batch = suited_threads()
    params.no_perf = True
    context = native.llama_init_from_model(model, params)
    if context is None:
        raise model_load_failed(
            f"No context of {params.n_ctx} tokens could be made for the model",
            "There is too little memory for it, most likely",
            "Set a smaller LLM_OPTION_CONTEXT_SIZE, or use a smaller model",
        )
    return context
