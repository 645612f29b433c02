"""What made an answer is stored with it: what the engine tells, and nothing that it does not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.inference import EngineFacts, EngineHealth
from cortensor_tui.domain.models import ModelFile
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.inference.params import asked_from_llm_params
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.answering import Answering, PromptSettings
from cortensor_tui.settings.model import ReproducibleSessions
from cortensor_tui.storage.local_store import LocalStore
from tests.support.engines import PROMPTS, READY, UNHEARD, ToldEngine

SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
MODEL = ModelFile(file_name="a.gguf", file_bytes=9, sha256="ab" * 32, quantisation="Q4_K_M")
FACTS = EngineFacts(
    build="b1",
    context_tokens=4096,
    batch_tokens=512,
    decode_threads=1,
    prefill_threads=2,
    slots=4,
    flash_attention=True,
    kv_type="f16",
    template_sha256="cd" * 32,
)


async def answered(folder: Path, health: EngineHealth, prompts: PromptSettings = PROMPTS) -> TaskRecord:
    store, engine = LocalStore(folder / "payloads"), ToldEngine()
    engine.health = health
    details = TaskDetails(prompt_type=1, prompt_template="", asked=asked_from_llm_params((64, 70)))
    record = TaskRecord(
        key=TaskKey(3, 4),
        stage=Stage.ACKED,
        prompt_cid=store.put("Is it 5 °C?".encode()),
        details=details,
        assigned_at=1.0,
    )
    return await Answering(engine, store, prompts, UNHEARD).answer(record, lambda record: None)


def made(record: TaskRecord) -> Envelope:
    assert record.envelope is not None
    return record.envelope


async def test_what_the_engine_and_its_model_are_is_in_the_envelope(tmp_path: Path) -> None:
    health = msgspec.structs.replace(READY, facts=FACTS, model_file=MODEL)
    envelope = made(await answered(tmp_path, health))
    assert (envelope.engine, envelope.build) == (READY.engine, "b1")
    assert (envelope.model_file, envelope.model_sha256) == ("a.gguf", "ab" * 32)
    assert (envelope.slots, envelope.slots_busy, envelope.reused_tokens) == (4, 1, 0)
    for field in msgspec.structs.fields(EngineFacts):
        assert getattr(envelope, field.name) == getattr(FACTS, field.name)
    assert (envelope.seed, envelope.is_reproducible) == (PROMPTS.seed, False)


async def test_what_an_engine_does_not_tell_is_unknown_and_never_zero(tmp_path: Path) -> None:
    envelope = made(await answered(tmp_path, READY))
    known = {"engine", "context_tokens", "seed", "is_reproducible", "prompt_sha256", "parameters_sha256"}
    told = {name for name, value in msgspec.structs.asdict(envelope).items() if value is not None}
    assert told == known


async def test_of_a_server_that_others_use_it_is_not_known_who_else_it_worked_for(tmp_path: Path) -> None:
    prompts = msgspec.structs.replace(PROMPTS, reproducible=ReproducibleSessions(is_all=True))
    facts = msgspec.structs.replace(FACTS, context_tokens=None)
    health = msgspec.structs.replace(READY, facts=facts, is_ours=False)
    envelope = made(await answered(tmp_path, health, prompts))
    assert (envelope.slots, envelope.slots_busy) == (4, None)
    assert (envelope.is_reproducible, envelope.context_tokens) == (None, None)
    ours = made(await answered(tmp_path, msgspec.structs.replace(health, is_ours=True), prompts))
    assert (ours.is_reproducible, ours.context_tokens) == (True, READY.context_tokens)


async def test_the_digests_are_those_that_the_manual_says(tmp_path: Path) -> None:
    record = await answered(tmp_path, READY)
    prompt = '[["raw","Is it 5 °C?"]]'
    assert made(record).prompt_sha256 == hashlib.sha256(prompt.encode()).hexdigest()
    parameters = (
        '{"frequency_penalty":0.0,"max_tokens":64,"presence_penalty":0.0,"repeat_penalty":1.0,'
        '"temperature":0.7,"top_k":0,"top_p":1.0}'
    )
    assert made(record).parameters_sha256 == hashlib.sha256(parameters.encode()).hexdigest()


async def test_the_journal_gives_the_envelope_back(tmp_path: Path) -> None:
    record = await answered(tmp_path, msgspec.structs.replace(READY, facts=FACTS, model_file=MODEL))
    journal = Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE)
    journal.tasks.save(record, "answer")
    assert journal.tasks.get(record.key) == record
    without = msgspec.structs.replace(record, envelope=None)
    journal.tasks.save(without, "again")
    assert journal.tasks.get(record.key) == without
