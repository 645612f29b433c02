"""How the engine process begins, dies, comes back and ends, with the real model."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from cortensor_tui.domain.inference import EngineHealth, EngineState, Token
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.llama import child_process, process
from cortensor_tui.inference.llama.child_process import ChildProcess
from cortensor_tui.inference.llama.heartbeat import Patience
from cortensor_tui.inference.llama.process import CHILD_MODULE, LlamaProcess

from . import lingering_child
from .engines import GREEDY, Watched, ask, collect, finish_of, text_of
from .gguf_files import small_gguf

pytestmark = pytest.mark.real

END_WAIT_S = 20


def kill(watched: Watched, how: signal.Signals = signal.SIGKILL) -> None:
    assert watched.engine.pid is not None
    os.kill(watched.engine.pid, how)


def wait_gone(pid: int) -> None:
    """Wait for a process that may be nobody's child any more."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs([process], timeout=END_WAIT_S)
    assert not alive or all(one.status() == psutil.STATUS_ZOMBIE for one in alive)


async def test_a_child_killed_in_the_middle_fails_the_run_and_comes_back(watched: Watched) -> None:
    before = text_of(await collect(watched.engine.generate(ask("Hello"))))

    async def read_and_kill() -> None:
        async for event in watched.engine.generate(ask("Write a very long story.")):
            if isinstance(event, Token) and event.count == 1:
                kill(watched)

    with pytest.raises(ProblemError) as caught:
        await read_and_kill()
    assert caught.value.problem.code == "engine_died"
    assert "SIGKILL" in caught.value.problem.why
    # asked again at once, it waits for the new child
    assert text_of(await collect(watched.engine.generate(ask("Hello")))) == before
    failed = next(health for health in watched.healths if health.state is EngineState.FAILED)
    assert "SIGKILL" in failed.error
    before_it = watched.states[watched.states.index(EngineState.FAILED) - 1]
    assert before_it is EngineState.BUSY, "a dead engine is never told to be ready"
    assert watched.engine.health.restarts == 1
    assert watched.engine.health.error == ""
    assert "SIGKILL" in watched.engine.health.death


async def test_an_idle_child_that_dies_is_replaced(watched: Watched) -> None:
    kill(watched, signal.SIGSEGV)
    health = await watched.until(lambda health: health.restarts == 1 and health.state is EngineState.READY)
    assert health.context_tokens == 1024
    assert any("SIGSEGV" in health.error for health in watched.healths)


async def test_a_child_that_keeps_dying_is_left_dead_with_a_remedy(model_path: Path) -> None:
    watched = Watched(model_path, patience=Patience(deaths=3, first_backoff_s=0.01))
    await watched.engine.start()
    for restarts in range(3):
        await watched.until(
            lambda health, n=restarts: health.restarts == n and health.state is EngineState.READY  # type: ignore[misc]
        )
        kill(watched)
    health = await watched.until(lambda health: "3 times" in health.error)
    assert health.state is EngineState.FAILED
    assert "started again by itself" in health.error
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("Hello")))
    assert caught.value.problem.code == "engine_failed"
    # and a person who starts it again gets it again
    await watched.engine.start()
    assert watched.engine.health.restarts == 3
    assert finish_of(await collect(watched.engine.generate(ask("Hello")))).answer_tokens > 0
    await watched.engine.stop()


async def test_a_child_that_hangs_is_replaced(model_path: Path) -> None:
    watched = Watched(model_path, patience=Patience(ping_interval_s=0.1, answer_s=1.0, first_backoff_s=0.01))
    await watched.engine.start()
    kill(watched, signal.SIGSTOP)
    silent = await watched.until(lambda health: health.silent_since is not None)
    assert silent.state is EngineState.READY
    await watched.until(lambda health: "did not answer" in health.error)
    back = await watched.until(lambda health: health.restarts == 1 and health.state is EngineState.READY)
    assert back.silent_since is None
    assert back.death == "it did not answer for 1 s"
    assert silent.silent_since is not None
    assert back.died_at is not None
    assert back.died_at > silent.silent_since
    await watched.engine.stop()


async def test_a_child_that_answers_again_is_not_silent_any_more(model_path: Path) -> None:
    watched = Watched(model_path, patience=Patience(ping_interval_s=0.1, answer_s=1_000.0))
    await watched.engine.start()
    kill(watched, signal.SIGSTOP)
    await watched.until(lambda health: health.silent_since is not None)
    watched.healths.clear()
    kill(watched, signal.SIGCONT)
    health = await watched.until(lambda health: health.silent_since is None)
    assert health.state is EngineState.READY
    assert health.restarts == 0
    await watched.engine.stop()


async def test_a_stream_that_was_closed_costs_the_next_run_nothing(model_path: Path) -> None:
    watched = Watched(model_path)
    await watched.engine.start()
    async with contextlib.aclosing(watched.engine.generate(ask("Write a very long story."))) as events:
        await anext(events)
    long = msgspec.structs.replace(GREEDY, max_tokens=400)
    await collect(watched.engine.generate(ask("Write a very long story.", long)))
    assert watched.engine.health.restarts == 0
    assert watched.engine.health.state is EngineState.READY
    await watched.engine.stop()


async def test_a_listener_that_fails_leaves_nobody_waiting(model_path: Path) -> None:
    def refuse(health: EngineHealth) -> None:
        if health.state is EngineState.LOADING:
            raise ZeroDivisionError("no dashboard")

    engine = LlamaProcess(model_path, context_tokens=512, on_health=refuse)
    with pytest.raises(ProblemError, match="no dashboard") as caught:
        await engine.start()
    assert caught.value.problem.code == "engine_failed"
    assert engine.pid is None
    await engine.stop()


async def test_a_context_larger_than_the_model_was_trained_for_is_told(model_path: Path) -> None:
    watched = Watched(model_path, context_tokens=8193)
    await watched.engine.start()
    health = watched.engine.health
    await watched.engine.stop()
    assert health.context_tokens == 8192
    [warning] = health.warnings
    assert "has 8192 tokens; LLM_OPTION_CONTEXT_SIZE asks for 8193" in warning.what


async def test_memory_is_told_while_it_lives(model_path: Path) -> None:
    watched = Watched(model_path, patience=Patience(ping_interval_s=0.05))
    await watched.engine.start()
    health = await watched.until(lambda health: health.rss_bytes is not None)
    assert health.rss_bytes is not None
    assert health.rss_bytes > 50 * 2**20
    await watched.engine.stop()
    assert watched.engine.health.rss_bytes is None


async def test_stop_ends_the_child_and_what_was_asked_of_it(watched: Watched) -> None:
    pid = watched.engine.pid
    assert pid is not None

    async def read_and_stop() -> None:
        async for event in watched.engine.generate(ask("Write a very long story.")):
            if isinstance(event, Token) and event.count == 1:
                await watched.engine.stop()

    with pytest.raises(ProblemError) as caught:
        await read_and_stop()
    assert caught.value.problem.code in ("engine_died", "engine_stopped")
    wait_gone(pid)
    assert watched.engine.health.state is EngineState.STOPPED
    assert watched.engine.pid is None
    with pytest.raises(ProblemError) as later:
        await collect(watched.engine.generate(ask("Hello")))
    assert later.value.problem.code == "engine_stopped"
    await watched.engine.stop()


_NODE = """
import asyncio, sys
from pathlib import Path
from cortensor_tui.inference.llama.process import LlamaProcess

async def main():
    engine = LlamaProcess(Path(sys.argv[1]), context_tokens=512)
    await engine.start()
    print(engine.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_stop_leaves_no_process_that_was_being_waited_for(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(process, "CHILD_MODULE", lingering_child.__name__)
    monkeypatch.setattr(child_process, "_END_WAIT_S", 0.2)
    watched = Watched(model_path)
    start = asyncio.create_task(watched.engine.start())
    while (pid := watched.engine.pid) is None:
        await asyncio.sleep(0)
    while watched.engine.pid is not None:  # it says no more, and its end is waited for
        await asyncio.sleep(0)
    await watched.engine.stop()
    assert not psutil.pid_exists(pid)
    with pytest.raises(ProblemError):
        await start


@pytest.mark.parametrize("is_child_stopped", [False, True], ids=["running", "only the kernel can"])
def test_a_node_killed_with_9_takes_its_engine_with_it(model_path: Path, is_child_stopped: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", _NODE, str(model_path)], stdout=subprocess.PIPE) as node:
        assert node.stdout is not None
        child_pid = int(node.stdout.readline())
        if is_child_stopped:
            os.kill(child_pid, signal.SIGSTOP)
        node.kill()
    wait_gone(child_pid)


async def test_the_child_ends_when_its_pipe_does() -> None:
    child = await ChildProcess.spawn(CHILD_MODULE)
    child.let_go()
    assert await child.ended() == "it ended with exit status 0"


def test_a_child_whose_parent_died_before_it_began_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", CHILD_MODULE, "1"],
        input=b"\xff\xff\xff\xff",  # what ends a child that got further with another status
        capture_output=True,
        timeout=END_WAIT_S,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_noise_on_the_pipe_ends_the_child_with_a_reason() -> None:
    process = subprocess.run(
        [sys.executable, "-m", CHILD_MODULE, str(os.getpid())],
        input=b"\xff\xff\xff\xff" + b"noise",
        capture_output=True,
        timeout=END_WAIT_S,
    )
    assert process.returncode == os.EX_PROTOCOL
    assert b"limit" in process.stderr


@pytest.fixture
def foreign_model(tmp_path: Path) -> Watched:
    """A whole GGUF file of an architecture that llama.cpp does not know."""
    path = tmp_path / "foreign.gguf"
    path.write_bytes(small_gguf("martian"))
    return Watched(path)


async def test_a_model_that_llama_cpp_refuses_is_told_in_its_words(foreign_model: Watched) -> None:
    with pytest.raises(ProblemError, match="martian") as caught:
        await foreign_model.engine.start()
    assert caught.value.problem.code == "model_load_failed"
    health = foreign_model.engine.health
    assert (health.state, health.restarts) == (EngineState.FAILED, 0)
    assert "martian" in health.error


@pytest.mark.parametrize(
    ("name", "code"),
    [("none", "model_missing"), ("zip", "model_foreign"), ("cut", "model_truncated")],
)
async def test_a_file_that_is_no_model_never_reaches_llama_cpp(
    model_path: Path, tmp_path: Path, name: str, code: str
) -> None:
    (tmp_path / "zip").write_bytes(b"PK\x03\x04")
    with model_path.open("rb") as whole:
        (tmp_path / "cut").write_bytes(whole.read(60 * 2**20))
    watched = Watched(tmp_path / name)
    with pytest.raises(ProblemError) as caught:
        await watched.engine.start()
    assert caught.value.problem.code == code
    assert watched.engine.health.state is EngineState.FAILED
    assert watched.engine.health.error == caught.value.problem.sentence()
    assert EngineState.LOADING not in watched.states


async def test_the_terminal_and_the_secrets_are_kept_from_the_child(
    model_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PRIVATE_KEY", "0xsecret")
    watched = Watched(model_path)
    await watched.engine.start()
    await collect(watched.engine.generate(ask("Hello")))
    child = psutil.Process(watched.engine.pid)
    assert "0xsecret" not in child.environ().values()
    assert child.terminal() is None or os.getsid(child.pid) == child.pid
    await watched.engine.stop()
    assert capfd.readouterr() == ("", "")
