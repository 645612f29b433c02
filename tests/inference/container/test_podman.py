"""An engine in a real container, made through Podman's Docker-compatible socket."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.engine import HealthListener
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from tests.inference.engines import ask, collect, text_of
from tests.inference.openai_http.llama_server import needs_llama_server
from tests.support.ports import lasting_port

from .llama_server_image import LLAMA_CHANGES, LLAMA_IMAGE, llama_server_files
from .podman import TINY_IMAGE, Podman, podman_or_skip
from .watched import PATIENT, WatchedContainer

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("podman")]

MIB = 1024 * 1024


def speaker(url: str, on_health: HealthListener) -> OpenAiHttp:
    return OpenAiHttp(url, context_tokens=512, on_health=on_health)


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    with podman_or_skip() as podman:
        yield podman


@pytest.fixture
async def tiny(podman: Podman) -> AsyncIterator[WatchedContainer]:
    """An engine on the tiny server's image, not started yet."""
    tiny = tiny_on(podman, lasting_port())
    yield tiny
    await asyncio.wait_for(tiny.engine.stop(), 60)
    podman.remove_all()


def tiny_on(podman: Podman, port: int, **changes: Any) -> WatchedContainer:
    # The same port inside: where containers share this machine's network it is the one that counts.
    wanted = {"image": TINY_IMAGE, "name": "tiny", "image_port": port, **changes}
    return WatchedContainer(podman.socket_path, port, patience=PATIENT, engine_at=speaker, **wanted)


async def answer_of(tiny: WatchedContainer) -> str:
    return text_of(await collect(tiny.engine.generate(ask("Hello"))))


async def test_it_answers_and_nothing_is_left_of_it(podman: Podman, tiny: WatchedContainer) -> None:
    await tiny.engine.start()

    assert await answer_of(tiny) == "Hello from the container"
    assert "in container tiny" in tiny.engine.health.engine
    assert len(podman.containers()) == 1
    await tiny.engine.stop()
    assert podman.containers() == []


async def test_what_is_killed_comes_back(podman: Podman, tiny: WatchedContainer) -> None:
    await tiny.engine.start()
    (killed,) = podman.containers()

    psutil.Process(podman.pid_of(killed)).kill()

    back = await tiny.until_ready(restarts=1)
    assert back.death.startswith("it was killed by SIGKILL")
    assert "tiny server on port" in back.death
    assert await answer_of(tiny) == "Hello from the container"
    assert podman.containers() != [killed]


async def test_a_server_that_hangs_is_killed_and_comes_back(podman: Podman, tiny: WatchedContainer) -> None:
    await tiny.engine.start()
    (hanging,) = podman.containers()

    for process in podman.processes_of(hanging):
        with contextlib.suppress(psutil.NoSuchProcess):  # each request has one of its own
            process.send_signal(signal.SIGSTOP)

    assert "did not answer" in (await tiny.until_ready(restarts=1)).death
    assert await answer_of(tiny) == "Hello from the container"


async def test_memory_that_runs_out_is_told(podman: Podman) -> None:
    if not podman.limits_memory:
        pytest.skip("podman: no memory limit can be set here")
    tiny = tiny_on(podman, lasting_port(), memory_bytes=24 * MIB)
    await tiny.engine.start()

    url = f"http://127.0.0.1:{tiny.plan.host_port}/eat"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200

    assert "memory" in (await tiny.until_ready(restarts=1)).death
    await tiny.engine.stop()


async def test_a_port_that_is_taken_is_told_until_it_is_free(podman: Podman, tiny: WatchedContainer) -> None:
    with socket.create_server(("127.0.0.1", tiny.plan.host_port)), pytest.raises(ProblemError) as caught:
        await tiny.engine.start()
    assert caught.value.problem.code == "container_port_taken"
    assert podman.containers() == []

    await tiny.engine.start()
    assert tiny.engine.health.state is EngineState.READY


async def test_an_image_that_cannot_be_had_is_told(podman: Podman) -> None:
    nowhere = tiny_on(podman, lasting_port(), image="127.0.0.1:1/nobody/none:1")

    with pytest.raises(ProblemError) as caught:
        await nowhere.engine.start()

    assert caught.value.problem.code == "container_image_absent"
    assert "connection refused" in caught.value.problem.why
    await nowhere.engine.stop()


async def test_a_command_that_is_not_in_the_image_is_told(podman: Podman) -> None:
    wrong = tiny_on(podman, lasting_port(), command=("/bin/nothing",))

    with pytest.raises(ProblemError) as caught:
        await wrong.engine.start()

    assert caught.value.problem.code == "container_start"
    assert "/bin/nothing" in caught.value.problem.why
    assert podman.containers() == []
    await wrong.engine.stop()


async def test_it_goes_on_while_the_docker_engine_is_gone(podman: Podman, tiny: WatchedContainer) -> None:
    await tiny.engine.start()
    (before,) = podman.containers()

    podman.kill_service()
    assert await answer_of(tiny) == "Hello from the container"
    await asyncio.to_thread(podman.serve)

    assert podman.containers() == [before]
    psutil.Process(podman.pid_of(before)).kill()
    await tiny.until_ready(restarts=1)
    assert await answer_of(tiny) == "Hello from the container"


async def test_without_a_docker_engine_it_says_so_and_starts_once_there_is_one(
    podman: Podman, tiny: WatchedContainer
) -> None:
    podman.kill_service()
    try:
        with pytest.raises(ProblemError) as caught:
            await tiny.engine.start()
    finally:
        await asyncio.to_thread(podman.serve)

    assert caught.value.problem.code == "docker_absent"
    await tiny.engine.start()
    assert tiny.engine.health.state is EngineState.READY


NODE = """
import asyncio, sys
from pathlib import Path
from tests.inference.container.podman import TINY_IMAGE
from tests.inference.container.watched import PATIENT, WatchedContainer

async def main():
    port = int(sys.argv[2])
    wanted = {"image": TINY_IMAGE, "name": "tiny", "image_port": port}
    tiny = WatchedContainer(Path(sys.argv[1]), port, patience=PATIENT, **wanted)
    await tiny.engine.start()
    print("ready", flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


async def test_a_node_that_is_killed_leaves_its_container_to_the_next(
    podman: Podman, tiny: WatchedContainer
) -> None:
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", NODE, str(podman.socket_path), str(tiny.plan.host_port)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert killed.stdout is not None
    while (line := await killed.stdout.readline()) != b"ready\n":
        assert line, "it ended before it was ready"
    killed.kill()
    await killed.wait()
    left = podman.containers()

    await tiny.engine.start()

    assert podman.containers() == left
    assert tiny.engine.health.restarts == 0
    assert await answer_of(tiny) == "Hello from the container"
    await tiny.engine.stop()
    assert podman.containers() == []


async def test_it_sees_the_model_and_nothing_that_lies_beside_it(podman: Podman, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PRIVATE_KEY=0x1")
    model = tmp_path / "m:1.gguf"
    model.write_bytes(b"GGUF")
    tiny = tiny_on(podman, lasting_port(), model_path=model)
    await tiny.engine.start()

    (container,) = podman.containers()
    seen = Path(f"/proc/{podman.pid_of(container)}/root/models")
    assert [path.name for path in seen.iterdir()] == ["m:1.gguf"]
    assert (seen / "m:1.gguf").read_bytes() == b"GGUF"
    await tiny.engine.stop()


@needs_llama_server
async def test_a_real_llama_server_answers_with_the_model_of_this_machine(
    podman: Podman, model_path: Path
) -> None:
    podman.add_image(LLAMA_IMAGE, llama_server_files(), *LLAMA_CHANGES)
    port = lasting_port()
    llama = tiny_on(
        podman, port, image=LLAMA_IMAGE, name="llama", model_path=model_path, context_tokens=1024, threads=1
    )
    await llama.engine.start()

    answer = await answer_of(llama)

    assert answer
    assert await answer_of(llama) == answer
    assert llama.engine.health.engine.startswith("llama-server")
    assert "SmolLM2" in llama.engine.health.model
    await llama.engine.stop()
    assert podman.containers() == []
