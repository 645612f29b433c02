"""What can go wrong with an engine, in words for a person."""

from __future__ import annotations

from cortensor_tui.domain.problems import Problem, ProblemError, problem_error

RESTART_REMEDY = "It restarts by itself, and its tasks are run again"
_CHECK = "Check memory and model; it is started again by itself, after a longer pause each time"
GAVE_UP = "engine_failed"
TEMPLATE_MISSING = "chat_template_missing"
_UNCHECKED = "CORTENSOR_TUI_CHECK_MEMORY=0 loads it all the same"
MEMORY_REMEDY = "Free memory, or use a smaller model or a smaller quantisation of it"
OTHER_MODEL_REMEDY = "Use another GGUF file, with: cortensor-tui models use NAME"


def prompt_too_long(why: str, context_tokens: int) -> ProblemError:
    """Build the error for a prompt that leaves no room for an answer."""
    return problem_error(
        "prompt_too_long",
        f"The prompt does not fit into the context of {context_tokens} tokens",
        why,
        "Shorten the prompt, or set a larger LLM_OPTION_CONTEXT_SIZE",
    )


def prompt_empty() -> ProblemError:
    """Build the error for a prompt of which the model's tokeniser makes nothing."""
    return problem_error(
        "prompt_empty",
        "The prompt is empty",
        "The model's tokeniser makes no token of it, and adds none of its own",
        "Submit it again with a text, or use a model whose prompts begin with a token of their own",
    )


def prompt_no_text() -> ProblemError:
    """Build the error for a prompt that cannot be written as UTF-8."""
    return problem_error(
        "prompt_no_text",
        "The prompt is no text",
        "It holds half a UTF-16 pair, which has no UTF-8 form",
        "Submit it again as plain text",
    )


def template_missing() -> ProblemError:
    """Build the error for a model that has no chat template."""
    return problem_error(
        TEMPLATE_MISSING,
        "The model has no chat template",
        "Its GGUF file has no tokenizer.chat_template, as base models have none",
        "Use an instruct model, or have raw prompts taken verbatim",
    )


def template_failed(error: Exception) -> ProblemError:
    """Build the error for a chat template that raised `error`."""
    return problem_error(
        "chat_template_failed",
        "The model's chat template cannot render this prompt",
        f"{type(error).__name__}: {error}"[:300],
        "Use another conversion of the model, or have raw prompts taken verbatim",
    )


def model_load_failed(what: str, why: str, remedy: str) -> ProblemError:
    """Build the error for weights or a context that llama.cpp could not make."""
    return problem_error("model_load_failed", what, why, remedy)


def model_does_not_fit(file_name: str, why: str, fitting_context_tokens: int | None) -> ProblemError:
    """Build the error for a model that needs more memory than is free; `fitting_context_tokens` would do."""
    remedy = f"{MEMORY_REMEDY}; {_UNCHECKED}"
    if fitting_context_tokens is not None:
        remedy = (
            f"Set LLM_OPTION_CONTEXT_SIZE to {fitting_context_tokens}, which fits, free memory, or use a "
            f"smaller model; {_UNCHECKED}"
        )
    return problem_error("model_does_not_fit", f"The model {file_name} does not fit into memory", why, remedy)


def decode_failed(status: int) -> ProblemError:
    """Build the error for a `llama_decode` that did not give 0."""
    return problem_error(
        "decode_failed",
        "llama.cpp could not compute the next token",
        f"llama_decode gave {status}",
        "Run the task again; if it fails again, use a smaller context or another model",
    )


def no_gpu() -> Problem:
    """Say that layers were asked for on a GPU, and are computed on the CPU."""
    return Problem(
        code="no_gpu",
        what="LLM_OPTION_GPU=1 asks for layers on a GPU, and all are computed on the CPU",
        why="This llama.cpp was built without GPU support, or sees no GPU",
        remedy="Install llama-cpp-python built for the GPU (docs/engines.md), or set LLM_OPTION_GPU=0",
    )


def context_cut(asked_tokens: int, trained_tokens: int | None) -> Problem | None:
    """Say that the context is smaller than was asked for, None where it is not."""
    if trained_tokens is None or asked_tokens <= trained_tokens:
        return None
    return Problem(
        code="context_cut",
        what=f"The context has {trained_tokens} tokens; LLM_OPTION_CONTEXT_SIZE asks for {asked_tokens}",
        why="The model was trained for no more",
        remedy=f"Set LLM_OPTION_CONTEXT_SIZE={trained_tokens}, or use a model that was trained for more",
    )


def engine_died(how: str) -> Problem:
    """Say that the engine process ended without being asked."""
    return Problem(code="engine_died", what="The engine process died", why=how, remedy=RESTART_REMEDY)


def engine_start_failed(how: str) -> Problem:
    """Say that the engine process ended before its model was loaded."""
    return Problem(
        code="engine_start_failed",
        what="The engine process ended before the model was loaded",
        why=how,
        remedy="Check that the model fits into memory, or use a smaller one",
    )


def engine_failed(how: str) -> Problem:
    """Say that the engine was given up for a reason nobody foresaw."""
    return Problem(code=GAVE_UP, what="The engine cannot go on", why=how, remedy=_CHECK)


def engine_keeps_dying(deaths: int, within_s: float, how: str) -> Problem:
    """Say that restarting at once was given up."""
    return Problem(
        code=GAVE_UP,
        what=f"The engine process died {deaths} times within {within_s:.0f} s and is left alone for a while",
        why=how,
        remedy=_CHECK,
    )


def engine_stopped() -> Problem:
    """Say that nothing can be asked of an engine that is not started."""
    return Problem(code="engine_stopped", what="The engine is stopped", remedy="Start the node")
