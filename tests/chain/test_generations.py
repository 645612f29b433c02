"""The table of generations: what a contract of any holds is read the same, what is sent is its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.abi import checksum, decode_arguments, load_interface
from cortensor_tui.chain.contracts.calls import (
    NewSession,
    NewTask,
    bind_call,
    create_call,
    submit_call,
    unbind_call,
)
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.decoding import LARGEST_NUMBER
from cortensor_tui.chain.contracts.numbers import ContractNumbers, ModeNumbers
from cortensor_tui.chain.contracts.reader import MOST_TASKS_IN_A_LIST, ContractReader, Contracts
from cortensor_tui.chain.rpc.client import Call, RpcError
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from tests.chain.scripted_contracts import ScriptedContracts
from tests.devnet.devnet_on_anvil import ALICE, BOB, LLM_PARAMS, OWNER, DevnetOnAnvil, in_every_generation
from tests.devnet.task_steps import ANSWER, answer

CONTRACTS = Contracts(session_v2="0x" + "51" * 20, session_queue_v2="0x" + "52" * 20)
KEY = TaskKey(7, 3)
GENERATIONS = list(Generation)
OLDER = [Generation.OLD, Generation.MID]

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: checksum("0x" + raw.hex()))
words = st.integers(0, 2**256 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
digests = st.binary(min_size=32, max_size=32)


def reader_of(generation: Generation, **answers: Any) -> tuple[ContractReader, ScriptedContracts]:
    rpc = ScriptedContracts(generation, answers)
    return ContractReader(rpc, CONTRACTS, 1, generation), rpc


@st.composite
def stored_tasks(draw: st.DrawFn) -> tuple[Any, ...]:
    """Return a task as SessionQueueData.Task; created_at is never 0, as no block's time is."""
    fields = (KEY.task_id, draw(words), KEY.session_id, draw(texts))
    miners = draw(st.lists(addresses, min_size=1, max_size=4, unique=True))
    times = (draw(st.integers(1, 2**256 - 1)), draw(words), draw(words), draw(words))
    return (*fields, tuple(miners), draw(st.booleans()), draw(st.integers(0, 255)), *times)


@given(stored_tasks())
async def test_a_task_reads_the_same_in_every_generation(stored: tuple[Any, ...]) -> None:
    miners = stored[4]
    told = {
        "getTask": (stored,),
        "sessionTasks": (*stored[:4], *stored[5:]),
        "getAllTaskResultAckedTimestamps": (miners, [0] * len(miners)),
    }
    tasks = []
    for generation in GENERATIONS:
        reader, rpc = reader_of(generation, **told)
        tasks.append(await reader.task(KEY))
        assert rpc.requests == 1, "one request, however many calls it takes"
    assert tasks[0] == tasks[1] == tasks[2]
    assert tasks[0].key == KEY
    assert tasks[0].assigned_miners == miners
    assert tasks[0].data == stored[3]
    assert tasks[0].created_at == min(stored[7], LARGEST_NUMBER)


@given(st.lists(st.tuples(addresses, texts, digests), max_size=4, unique_by=lambda one: one[0]))
async def test_results_read_the_same_in_every_generation(stored: list[tuple[str, str, bytes]]) -> None:
    miners, data, hashes = ([one[place] for one in stored] for place in range(3))
    told = {
        "getTaskResultsAndHashes": (miners, data, hashes),
        "getTaskResults": (miners, data),
        "getTaskResultHashes": (miners, hashes),
    }
    found = [await reader_of(generation, **told)[0].results(KEY) for generation in GENERATIONS]
    assert found[0] == found[1] == found[2]
    assert {one.miner: (one.data, one.hash) for one in found[0]} == {
        miner: (text, "0x" + digest.hex()) for miner, text, digest in stored if any(digest)
    }


@pytest.mark.parametrize("generation", OLDER)
async def test_a_hash_without_a_text_yet_is_a_result(generation: Generation) -> None:
    first, second = checksum("0x" + "11" * 20), checksum("0x" + "22" * 20)
    reader, _ = reader_of(
        generation,
        getTaskResults=([first], ["an answer"]),
        getTaskResultHashes=([second, first], [b"\2" * 32, b"\1" * 32]),
    )
    found = {one.miner: one.data for one in await reader.results(KEY)}
    assert found == {first: "an answer", second: ""}


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_what_the_old_sessions_lack_is_unknown_and_not_zero(generation: Generation) -> None:
    owner = checksum("0x" + "33" * 20)
    stored: tuple[Any, ...] = (1, bytes(32), "n", "m", 1, 5, 6, owner, [], [owner], 2, 1, 1, 3, 0, [], [])
    terms = () if generation is Generation.OLD else (0, 12, 300, 5)
    reader, _ = reader_of(generation, getSession=((*stored, *terms),))
    [session] = await reader.sessions([1])
    assert (session.owner, session.dedicated_nodes, session.max_nodes) == (owner, (owner,), 3)
    expected = (None,) * 4 if generation is Generation.OLD else terms
    assert (
        session.sla,
        session.model_identifier,
        session.reserve_period_s,
        session.max_task_executions,
    ) == expected


@pytest.mark.parametrize("generation", GENERATIONS)
@given(
    prompt=texts,
    params=st.lists(st.integers(0, LARGEST_NUMBER), min_size=7, max_size=7).map(tuple),
    session_id=words,
)
async def test_a_submits_params_are_read_back_from_its_calldata(
    generation: Generation, prompt: str, params: tuple[int, ...], session_id: int
) -> None:
    reader, rpc = reader_of(generation)
    call = submit_call(reader, NewTask(session_id=session_id, prompt=prompt, llm_params=params))
    values = decode_arguments(load_interface("SessionV2", generation).functions["submit"], call.data)
    assert values is not None
    assert (values[0], values[2], values[-1]) == (session_id, prompt, "cortensor-tui")
    assert len(values) == (8 if generation is Generation.NEW else 7)
    rpc.call = answering({"input": call.data})  # type: ignore[method-assign]
    assert await reader.submitted_llm_params("0x1") == params


def answering(value: Any) -> Any:
    async def call(method: str, *params: Any) -> Any:
        return value

    return call


@pytest.mark.parametrize(
    "odd", [{"input": "0xzz"}, {"input": 7}, {}, None, [], "0x", {"input": "0xa00ffe19"}]
)
async def test_an_odd_transaction_has_no_params(odd: Any) -> None:
    reader, rpc = reader_of(Generation.NEW)
    rpc.call = answering(odd)  # type: ignore[method-assign]
    assert await reader.submitted_llm_params("0x1") is None


@pytest.mark.parametrize(("generation", "count"), [("old", 9), ("mid", 13), ("new", 13)])
def test_create_takes_what_the_generation_takes(generation: str, count: int) -> None:
    reader, _ = reader_of(Generation(generation))
    call = create_call(reader, NewSession(name="n", metadata="m", max_nodes=4, sla=2, model_identifier=12))
    values = decode_arguments(load_interface("SessionV2", generation).functions["create"], call.data)
    assert values is not None
    assert len(values) == count
    assert values[:9] == ("n", "m", "0x" + "0" * 40, 1, 4, 1, 0, 2, False)
    assert values[9:] == ((2, 12, 300, 5) if count == 13 else ())
    assert call.to == CONTRACTS.session_v2


@pytest.mark.parametrize("generation", GENERATIONS)
def test_binding_and_unbinding_are_one_call_each(generation: Generation) -> None:
    reader, _ = reader_of(generation)
    node = checksum("0x" + "44" * 20)
    functions = load_interface("SessionV2", generation).functions
    bound = decode_arguments(functions["addDedicatedNode"], bind_call(reader, 3, node).data)
    unbound = decode_arguments(functions["removeDedicatedNode"], unbind_call(reader, 3, node).data)
    assert bound == unbound == (3, node.lower())


class OddEndpoint(ScriptedContracts):
    """Answers each call with something of its own making."""

    def __init__(self, draw: Callable[[], Any]) -> None:
        super().__init__(Generation.NEW, {})
        self._draw = draw

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return [self._draw() for _ in calls]


# Words of 32 bytes, many of them small: those pass for offsets and lengths, and lead the decoder furthest.
small_or_any = st.integers(0, 256) | words
odd_answers = (
    st.lists(small_or_any, max_size=24).map(lambda found: "0x" + "".join(f"{one:064x}" for one in found))
    | st.binary(max_size=70).map(lambda raw: "0x" + raw.hex())
    | st.text(max_size=20)
    | st.none()
    | st.integers()
    | st.lists(st.none(), max_size=2)
    | st.builds(RpcError, st.integers(-40000, 10), st.text(max_size=20), st.none() | st.text(max_size=20))
)


@pytest.mark.parametrize("generation", GENERATIONS)
@given(data=st.data())
async def test_whatever_a_contract_answers_is_read_or_refused_in_words(
    generation: Generation, data: st.DataObject
) -> None:
    reader = ContractReader(OddEndpoint(lambda: data.draw(odd_answers)), CONTRACTS, 1, generation)
    reads = data.draw(
        st.sampled_from(
            [
                lambda: reader.tasks([KEY, KEY]),
                lambda: reader.results(KEY),
                lambda: reader.sessions([1]),
                lambda: reader.session_count(),
                lambda: reader.session_exists(1),
                lambda: reader.task_counts([1, 2]),
                lambda: reader.decoration(KEY),
                lambda: reader.result_times(KEY, CONTRACTS.session_v2),
                lambda: reader.remote_hash("abc"),
                lambda: reader.submitted_llm_params("0x1"),
            ]
        )
    )
    with suppress(ProblemError):  # any other exception fails the test
        await reads()


def test_a_network_s_own_numbers_of_modes_are_used_both_ways() -> None:
    numbers = ContractNumbers(
        session_modes=ModeNumbers(ephemeral=7, hybrid=8, dedicated=9),
        node_types=ModeNumbers(ephemeral=3, hybrid=4, dedicated=5),
    )
    rpc = ScriptedContracts(Generation.NEW, {})
    reader = ContractReader(rpc, CONTRACTS, 1, Generation.NEW, numbers)
    functions = load_interface("SessionV2").functions
    created = decode_arguments(functions["create"], create_call(reader, NewSession(name="n")).data)
    asked = NewTask(session_id=1, prompt="x", llm_params=(1,) * 7)
    submitted = decode_arguments(functions["submit"], submit_call(reader, asked).data)
    assert created is not None
    assert submitted is not None
    assert (created[7], submitted[1]) == (9, 5)
    assert [numbers.session_modes.mode_of(number) for number in (7, 8, 9, 99)] == [0, 1, 2, 99]


async def test_a_count_too_few_is_a_sentence() -> None:
    reader, _ = reader_of(Generation.NEW, getTaskCountBySessionIds=([5],))
    with pytest.raises(ProblemError) as told:
        await reader.task_counts([1, 2])
    assert told.value.problem.code == "unexpected_contract"


TASK_ZEROS = (0, 0, 0, "", False, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("generation", OLDER)
async def test_zeros_of_a_mapping_are_no_task(generation: Generation) -> None:
    reader, _ = reader_of(generation, sessionTasks=TASK_ZEROS, getAllTaskResultAckedTimestamps=((), ()))
    with pytest.raises(ProblemError) as told:
        await reader.task(KEY)
    assert told.value.problem.code == "no_such_task"


@pytest.mark.parametrize("generation", OLDER)
async def test_lists_that_do_not_belong_together_are_a_sentence(generation: Generation) -> None:
    miner = checksum("0x" + "11" * 20)
    reader, _ = reader_of(
        generation,
        sessionTasks=(3, 1, 7, "x", False, 1, 5, 0, 0, 0),
        getAllTaskResultAckedTimestamps=([miner], []),
        getTaskResults=([miner], []),
        getTaskResultHashes=([miner], [bytes(32)]),
    )
    for read in (reader.task, reader.results):
        with pytest.raises(ProblemError) as told:
            await read(KEY)
        assert told.value.problem.code == "unexpected_contract"


@pytest.mark.parametrize("generation", OLDER)
@pytest.mark.parametrize("count", [4, MOST_TASKS_IN_A_LIST + 1])
async def test_miners_that_only_the_list_of_tasks_tells_are_found_in_short_sessions(
    generation: Generation, count: int
) -> None:
    miner = checksum("0x" + "11" * 20)
    listed = [(task_id, 1, 7, "x", [miner], False, 1, 5, 0, 0, 0) for task_id in range(4)]
    reader, rpc = reader_of(
        generation,
        sessionTasks=(3, 1, 7, "x", False, 1, 5, 0, 0, 0),
        getAllTaskResultAckedTimestamps=((), ()),
        getTaskCountBySessionIds=([count],),
        getTasksBySessionId=(listed,),
    )
    task = await reader.task(KEY)
    assert task.assigned_miners == ((miner,) if count == 4 else ())
    assert ("getTasksBySessionId" in rpc.asked) == (count == 4)


@pytest.mark.parametrize("generation", OLDER)
async def test_a_queued_task_needs_no_miners(generation: Generation) -> None:
    reader, rpc = reader_of(
        generation,
        sessionTasks=(3, 1, 7, "x", False, 0, 5, 0, 0, 0),
        getAllTaskResultAckedTimestamps=((), ()),
    )
    assert (await reader.task(KEY)).assigned_miners == ()
    assert rpc.requests == 1


@pytest.mark.real
@in_every_generation
async def test_a_real_task_is_read_the_same_whatever_the_contract(devnet: DevnetOnAnvil) -> None:
    contracts = Contracts(
        session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
    )
    reader = ContractReader(devnet.rpc, contracts, 1, devnet.generation)
    key = TaskKey(*await devnet.assigned_task(ALICE, BOB))

    task = await reader.task(key)
    assert (task.key, task.data, task.is_ended) == (key, "What is a chain?", False)
    assert task.assigned_miners == (ALICE, BOB)
    assert task.created_at > 0
    assert (task.last_precommit_at, task.finished_at) == (None, None)
    decoration = await reader.decoration(key)
    assert (decoration.max_tokens, decoration.temperature) == LLM_PARAMS[:2]
    [session] = await reader.sessions([key.session_id])
    assert session.is_active
    assert (session.owner, session.dedicated_nodes) == (OWNER, (ALICE, BOB))
    assert (session.model_identifier is None) == (devnet.generation is Generation.OLD)
    assert await reader.session_exists(key.session_id)
    assert not await reader.session_exists(key.session_id + 1)
    assert await reader.task_counts([key.session_id]) == [1]
    assert await reader.results(key) == ()

    task_of = (key.session_id, key.task_id)
    await answer(devnet, task_of, ALICE, upto="ack")
    assert await reader.result_times(key, ALICE) == (True, False, False)
    assert await reader.result_times(key, BOB) == (False, False, False)
    await devnet.send(BOB, "SessionQueueV2", "ack", *task_of)
    for miner in (ALICE, BOB):
        await devnet.send(miner, "SessionQueueV2", "precommit", *task_of, keccak(text=ANSWER), "")
    hashed = await reader.results(key)
    assert [(one.miner, one.data) for one in hashed] == [(ALICE, ""), (BOB, "")]
    await devnet.send(ALICE, "SessionQueueV2", "commit", *task_of, ANSWER)
    first, second = await reader.results(key)
    assert (first.data, second.data) == (ANSWER, "")
    assert first.hash == second.hash == await reader.remote_hash(ANSWER)
    assert await reader.result_times(key, ALICE) == (True, True, True)


@pytest.mark.real
@in_every_generation
async def test_the_owner_s_calls_are_taken_by_a_real_contract(devnet: DevnetOnAnvil) -> None:
    contracts = Contracts(
        session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
    )
    reader = ContractReader(devnet.rpc, contracts, 1, devnet.generation)

    async def send(call: ContractCall) -> str:
        fields = {"from": OWNER, "to": call.to, "data": call.data}
        receipt = await devnet.rpc.call("eth_sendTransactionSync", fields)
        assert receipt["status"] == "0x1", call.text
        return str(receipt["transactionHash"])

    session_id = await reader.session_count()
    await send(create_call(reader, NewSession(name="a private one", metadata="{}", model_identifier=12)))
    await send(bind_call(reader, session_id, ALICE))
    [session] = await reader.sessions([session_id])
    assert (session.name, session.mode_name, session.max_nodes) == ("a private one", "dedicated", 3)
    assert session.dedicated_nodes == (ALICE,)
    params = (48, 1, 2, 3, 4, 5, 6)
    digest = await send(submit_call(reader, NewTask(session_id=session_id, prompt="Hi", llm_params=params)))
    assert await reader.submitted_llm_params(digest) == params
    assert (await reader.task(TaskKey(session_id, 0))).data == "Hi"
    await send(unbind_call(reader, session_id, ALICE))
    [session] = await reader.sessions([session_id])
    assert session.dedicated_nodes == ()
