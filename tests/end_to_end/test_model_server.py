"""A node whose engine is a model server: its answers go on chain, and its death costs a run, no task."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.inference import EngineState
from tests.inference.openai_http.llama_server import llama_server, needs_llama_server
from tests.inference.openai_http.told_server import Script, piece_of, told_server
from tests.world import World, status_of, until_engine, until_verdict

pytestmark = pytest.mark.real


async def test_what_a_server_answers_goes_on_chain(world: World) -> None:
    async with told_server() as server:
        server.token = "s3cret"
        (world.folder / "token").write_text("s3cret\n")
        (world.folder / "token").chmod(0o600)
        settings = world.settings(
            CORTENSOR_TUI_ENGINE="http",
            CORTENSOR_TUI_ENGINE_URL=f"{server.url}/v1",
            CORTENSOR_TUI_ENGINE_TOKEN_FILE=str(world.folder / "token"),
            CORTENSOR_TUI_MODEL_PATH=None,
        )
        session_id = await world.create_session()
        await world.bind(session_id)
        async with world.node(settings) as process:
            status = await until_verdict(settings, Verdict.SERVING, process)
            assert status.engine.engine == f"llama-server b1234-abcdef0 at {server.url}"
            assert (status.engine.model, status.engine.context_tokens) == ("Told-1B.Q4_1", 1024)
            server.scripts.append(Script(pieces=(piece_of("Hel"),), is_broken_off=True))
            key = await world.submit(session_id, "Greet me.")
            await world.until_ended(key)
            [result] = await world.reader.results(key)
            assert result.data == "Hello!"
            [task] = (await world.command(settings, "tasks"))["tasks"]
            assert [lost["why"] for lost in task["lost_runs"]] == ["it hung up in the middle of its answer"]
            verified = await world.command(settings, "verify", str(session_id), "0")
            assert verified["verdict"] == "proven"
        assert not (world.folder / "node-data" / "models").exists()  # no model is fetched for it


@needs_llama_server
async def test_a_real_server_that_dies_and_comes_back_answers_in_time(
    ticking_world: World, tmp_path: Path, default_model: Path
) -> None:
    world = ticking_world
    async with llama_server(default_model, tmp_path) as server:
        settings = world.settings(CORTENSOR_TUI_ENGINE="http", LLM_PORT=str(server.port))
        session_id = await world.create_session()
        await world.bind(session_id)
        async with world.node(settings) as process:
            await until_verdict(settings, Verdict.SERVING, process)
            key = await world.submit(
                session_id, "Write a very long story.", llm_params=(400, 0, 100, 40, 100, 0, 0)
            )
            await until_engine(settings, EngineState.BUSY)
            await server.kill()
            failed = await until_engine(settings, EngineState.FAILED)
            assert "cannot be reached" in failed.engine.error
            await server.start()
            await world.until_ended(key)
            [result] = await world.reader.results(key)
            assert result.data
            status = await status_of(settings)
            assert (status.engine.restarts, status.engine.error) == (1, "")
