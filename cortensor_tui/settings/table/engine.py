"""The engine and its model."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import Group, Spec, TakesEffect, setting

_setting = partial(setting, Group.ENGINE)

ENGINE: Final[tuple[Spec, ...]] = (
    _setting(
        "CORTENSOR_TUI_ENGINE",
        "engine",
        kinds.one_of("llama", "http", "container"),
        "llama",
        "What runs the model: llama for llama.cpp in a process of the node's own, http for a model server "
        "that speaks OpenAI's interface, container for one that the node starts through Docker "
        "(docs/engines.md).",
    ),
    _setting(
        "CORTENSOR_TUI_ENGINE_URL",
        "engine_url",
        kinds.optional(kinds.URL),
        None,
        "Where the model server is, for the http engine.",
        default_words="LLM_HOST and LLM_PORT, over http",
    ),
    _setting(
        "CORTENSOR_TUI_ENGINE_TOKEN",
        "engine_token",
        kinds.optional(kinds.TOKEN),
        None,
        "The model server's access token (API key), where it wants one.",
        default_words="none",
        takes_effect=TakesEffect.BY_HAND,
    ),
    _setting(
        "CORTENSOR_TUI_ENGINE_TOKEN_FILE",
        "engine_token_file",
        kinds.optional(kinds.PATH),
        None,
        "File with the access token, instead of CORTENSOR_TUI_ENGINE_TOKEN; mode 0600.",
        default_words="none",
    ),
    _setting(
        "CORTENSOR_TUI_ENGINE_MODEL",
        "engine_model",
        kinds.WORDS,
        "",
        "Which of the model server's models answers.",
        default_words="the first that it lists",
    ),
    _setting(
        "CORTENSOR_TUI_MODEL_PATH",
        "model_path",
        kinds.optional(kinds.PATH),
        None,
        "Your own GGUF file.",
        default_words="the small model that set-up puts into the data folder",
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_MODELS_DIR",
        "models_dir",
        kinds.optional(kinds.PATH),
        None,
        "Folder of model files, for every engine and for the `models` commands.",
        default_words="models in the data folder",
    ),
    _setting(
        "CORTENSOR_TUI_SWITCH_MODEL",
        "switches_model",
        kinds.FLAG,
        False,
        "1 lets llama.cpp load the model that a session asks for, where the model folder has it "
        "(docs/models.md).",
    ),
    _setting(
        "LLM_OPTION_CONTEXT_SIZE",
        "context_tokens",
        kinds.whole(64, 1_048_576),
        4096,
        "Tokens of prompts and answers together, of all tasks computed at once: 4096 hold four with 512 "
        "tokens of answer each. The network's default is 512, too short for most prompts. For the http "
        "engine it counts only where the server does not tell its own.",
    ),
    _setting(
        "LLM_OPTION_BATCH_SIZE",
        "batch_tokens",
        kinds.whole(1, 65536),
        512,
        "Tokens of the prompt read at once; llama.cpp reads 2048 where it is more.",
    ),
    _setting(
        "LLM_OPTION_CPU_THREADS",
        "cpu_threads",
        kinds.THREADS,
        None,
        "Threads of the engine; -1 leaves it to the engine, which measures what is fastest here.",
    ),
    _setting(
        "CORTENSOR_TUI_DECODE_THREADS",
        "decode_threads",
        kinds.THREADS,
        None,
        "Threads that compute an answer's tokens one by one, where they are to differ from "
        "LLM_OPTION_CPU_THREADS.",
        default_words="LLM_OPTION_CPU_THREADS",
    ),
    _setting(
        "CORTENSOR_TUI_PREFILL_THREADS",
        "prefill_threads",
        kinds.THREADS,
        None,
        "Threads that read prompts and compute several answers at once, where they are to differ from "
        "LLM_OPTION_CPU_THREADS.",
        default_words="LLM_OPTION_CPU_THREADS",
    ),
    _setting(
        "CORTENSOR_TUI_SLOTS",
        "slots",
        kinds.whole(1, 64),
        4,
        "Tasks computed at once. They share LLM_OPTION_CONTEXT_SIZE: a task begins when its prompt and the "
        "longest answer it may get fit beside the others'.",
    ),
    _setting(
        "CORTENSOR_TUI_CHECK_MEMORY",
        "checks_memory",
        kinds.FLAG,
        True,
        "0 loads a model also where it seems not to fit into memory: it may then be slow, or be killed.",
    ),
    _setting(
        "LLM_OPTION_GPU",
        "gpu_enabled",
        kinds.FLAG,
        False,
        "1 moves layers to the GPU, if llama.cpp was built for one.",
    ),
    _setting(
        "LLM_OPTION_GPU_THRESHOLD",
        "gpu_layers",
        kinds.unless("-1", "as many as fit", kinds.whole(0, 10_000)),
        None,
        "How many layers the GPU takes; -1 for as many as fit.",
    ),
    _setting(
        "LLM_OPTION_MLOCK",
        "mlock",
        kinds.FLAG,
        False,
        "1 keeps the model's memory from being swapped out. The network's default is 1; here it is 0, since "
        "most hosts let a process lock a few MB at most.",
    ),
    _setting("LLM_HOST", "llm_host", kinds.HOST_NAME, "127.0.0.1", "Host of a model server."),
    _setting("LLM_PORT", "llm_port", kinds.PORT, 8090, "Port of a model server."),
)
