"""Threads are measured once, and kept."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cortensor_tui.inference.llama.batching import Chunk
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.llama.thread_choice import (
    ThreadFile,
    ThreadRange,
    Threads,
    choice_key,
    measured_threads,
    thread_ranges,
)

from .engines import Watched, ask, collect, finish_of

CHOSEN = Threads(decode=3, prefill=4)


class Machine:
    """A model that takes so long for each number of threads: (one token, one token of a prompt)."""

    def __init__(self, times_s: dict[int, tuple[float, float]]) -> None:
        self._times_s = times_s
        self._threads = (0, 0)
        self.now_s = 0.0
        self.is_empty = True
        self.batch_tokens = 512

    def use_threads(self, decode: int, prefill: int) -> None:
        self._threads = (decode, prefill)

    def decode(self, chunks: Sequence[Chunk], is_aborted: Callable[[], bool]) -> bool:
        tokens = sum(len(chunk.tokens) for chunk in chunks)
        self.is_empty = False
        if tokens == 1:
            self.now_s += self._times_s[self._threads[0]][0]
        else:
            self.now_s += self._times_s[self._threads[1]][1] * tokens
        return True

    def forget_all(self) -> None:
        self.is_empty = True


@pytest.mark.parametrize(
    ("times_s", "physical", "processors", "expected"),
    [
        ({1: (7.0, 5.0), 2: (7.1, 3.3)}, 2, 2, (1, 2)),
        ({1: (7.0, 5.0), 2: (6.5, 3.3)}, 2, 2, (1, 2)),
        ({1: (7.0, 5.0), 2: (4.0, 3.3)}, 2, 2, (2, 2)),
        ({1: (7.0, 1.6), 2: (60.0, 4.6)}, 2, 2, (1, 1)),
        ({2: (5.0, 9.0), 3: (4.0, 9.0), 4: (3.9, 5.0), 7: (9.0, 4.5), 8: (9.0, 4.0)}, 4, 8, (3, 8)),
        ({1: (7.0, 5.0)}, 1, 1, (1, 1)),
    ],
    ids=["equal", "hardly faster", "much faster", "a busy machine", "two processors a core", "one"],
)
def test_the_fastest_are_chosen_and_all_cores_for_decode_only_where_it_pays(
    times_s: dict[int, tuple[float, float]], physical: int, processors: int, expected: tuple[int, int]
) -> None:
    machine = Machine(times_s)
    chosen = measured_threads(machine, physical, processors, clock=lambda: machine.now_s)
    assert (chosen.decode, chosen.prefill) == expected
    assert machine.is_empty


@pytest.mark.parametrize(
    ("decode", "most"),
    [(1, 3), (3, 3), (4, 4)],
    ids=["chosen on a busy machine", "the usual", "all are worth it"],
)
def test_decode_leaves_a_core_free_unless_all_are_worth_it(decode: int, most: int) -> None:
    for_one, for_several = thread_ranges(Threads(decode=decode, prefill=8), None, None, 4, 8)
    assert for_one == ThreadRange(settled=decode, least=1, most=most)
    assert for_several == ThreadRange(settled=8, least=1, most=8)


def test_what_somebody_asked_for_is_the_whole_range() -> None:
    chosen = Threads(decode=1, prefill=8)
    assert thread_ranges(chosen, 2, 3, 4, 8) == (
        ThreadRange(settled=2, least=2, most=2),
        ThreadRange(settled=3, least=3, most=3),
    )


def test_a_slow_machine_is_not_held_up_by_a_second_round() -> None:
    machine = Machine({1: (7.0, 5.0), 2: (7.1, 3.3)})
    measured_threads(machine, 2, 2, clock=lambda: machine.now_s)
    assert machine.now_s < 32 * (5.0 + 3.3) + 6 * (7.0 + 7.1) + 1


def test_a_choice_is_kept_for_the_file_the_build_and_the_processors(tmp_path: Path) -> None:
    model = tmp_path / "tiny.gguf"
    model.write_bytes(b"GGUF")
    file = ThreadFile(tmp_path / "new" / "threads.json")
    key = choice_key(model, "llama.cpp 1", 4)
    assert file.read(key) is None
    file.write(key, CHOSEN)
    assert ThreadFile(tmp_path / "new" / "threads.json").read(key) == CHOSEN
    assert file.read(choice_key(model, "llama.cpp 2", 4)) is None
    assert file.read(choice_key(model, "llama.cpp 1", 2)) is None
    model.write_bytes(b"GGUF, larger")
    assert file.read(choice_key(model, "llama.cpp 1", 4)) is None


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    file = ThreadFile(tmp_path / "threads.json")
    for number in range(100):
        file.write(f"model {number}", CHOSEN)
    assert file.read("model 99") == CHOSEN
    assert file.read("model 0") is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"key": 3}', b"\xff", b'{"\xff": 3}'])
def test_a_damaged_file_is_measured_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "threads.json"
    path.write_bytes(content)
    file = ThreadFile(path)
    assert file.read("key") is None
    file.write("key", CHOSEN)
    assert file.read("key") == CHOSEN


def test_a_folder_that_cannot_be_written_keeps_nobody_from_starting(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    ThreadFile(tmp_path / "file" / "threads.json").write("key", CHOSEN)


def test_a_full_disk_leaves_no_files_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    ThreadFile(tmp_path / "threads.json").write("key", CHOSEN)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
async def test_an_engine_measures_once_and_then_remembers(model_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "threads.json"
    first = Watched(model_path, thread_file=path)
    await first.engine.start()
    facts = first.engine.health.facts
    await first.engine.stop()
    assert facts is not None
    assert path.exists()
    kept = path.read_bytes()
    # what stands there is what counts from then on
    path.write_bytes(kept.replace(f'"decode": {facts.decode_threads}'.encode(), b'"decode": 7'))
    second = Watched(model_path, thread_file=path)
    await second.engine.start()
    assert second.engine.health.facts is not None
    assert second.engine.health.facts.decode_threads == 7
    await second.engine.stop()


@pytest.mark.real
@pytest.mark.parametrize(("asked", "taken"), [(8, 8), (65_536, 2_048)])
async def test_a_batch_of_a_few_tokens_is_measured_too_and_a_huge_one_cut(
    model_path: Path, tmp_path: Path, asked: int, taken: int
) -> None:
    engine = LlamaProcess(
        model_path, context_tokens=4096, batch_tokens=asked, thread_file=tmp_path / "threads.json"
    )
    await engine.start()
    assert engine.health.facts is not None
    assert engine.health.facts.batch_tokens == taken
    assert finish_of(await collect(engine.generate(ask("Say hello.")))).answer_tokens > 0
    await engine.stop()
