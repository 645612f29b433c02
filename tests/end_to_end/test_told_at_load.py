"""A model that could answer no task says so as soon as it is loaded, not when the first task is lost."""

from __future__ import annotations

import asyncio

import pytest

from cortensor_tui.domain.health import Verdict
from tests.inference.gguf_files import with_template
from tests.world import World, status_of, until_verdict

pytestmark = pytest.mark.real


async def test_a_broken_chat_template_is_a_warning_of_the_node(world: World) -> None:
    broken = with_template(world.model, world.folder / "broken.gguf", "{{ nothing.at.all }}")
    settings = world.settings(CORTENSOR_TUI_MODEL_PATH=str(broken))
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.WAITING, process)
        async with asyncio.timeout(60):
            while status.engine.self_test is None:
                await asyncio.sleep(0.1)
                status = await status_of(settings)
    assert status.engine.model_file is not None
    assert status.engine.model_file.file_name == "broken.gguf"
    assert any("chat template cannot render" in warning for warning in status.warnings), status.warnings
