"""How a prompt reaches the model."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.model import ReproducibleSessions
from cortensor_tui.settings.spec import Group, Spec, TakesEffect, setting

_setting = partial(setting, Group.PROMPTS)

PROMPTS: Final[tuple[Spec, ...]] = (
    _setting(
        "CORTENSOR_TUI_SYSTEM_PROMPT",
        "default_system_prompt",
        kinds.PROMPT,
        "You are a helpful assistant.",
        "System prompt of tasks that ask for the network's default one, whose text is not public. "
        "Empty for none.",
        takes_empty=True,
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_RAW_PROMPT",
        "raw_prompt",
        kinds.one_of("chat", "verbatim"),
        "chat",
        "How a raw prompt reaches the model: as the user's turn in its chat template, or as it stands.",
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_SEED",
        "seed",
        kinds.optional(kinds.whole(0, 2**32 - 2)),
        None,
        "Seed of the sampling. The same seed, prompt and model give the same answer again.",
        default_words="random for each task",
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
    _setting(
        "CORTENSOR_TUI_REPRODUCIBLE_SESSIONS",
        "reproducible_sessions",
        kinds.REPRODUCIBLE,
        ReproducibleSessions(),
        "Sessions of which each task has the engine to itself and reuses nothing of the one before. Tasks "
        "that run together are faster, but may change each other's answers: sums round in another order.",
        default_words="empty: none",
        takes_effect=TakesEffect.AT_ONCE,
        in_demo=True,
    ),
)
