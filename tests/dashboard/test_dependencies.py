"""What the dashboard says of each thing the node depends on, and of which one it says that it fails."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.present.dependency_lines import column_lines, paired_lines
from cortensor_tui.dashboard.present.details import node_details
from cortensor_tui.dashboard.present.engine import engine_news
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.domain.endpoints import NO_WEBSOCKET, EndpointHealth, EndpointState
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.gpus import Gpu, GpuReading
from cortensor_tui.domain.health import IpfsHealth, NodeStatus, StoreHealth
from cortensor_tui.domain.inference import EngineFacts, EngineState
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import Problem
from tests.dashboard.samples import NOW, blocked, preconditions, status

LABELS = ["chain", "head", "engine", "store", "key", "gas", "registry", "tasks"]


def texts(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in one) for one in lines]


def told(label: str, shown: NodeStatus, width: int = 110) -> str:
    """Return the line of one dependency where there is room."""
    return next(text for text in texts(column_lines(shown, Sight(NOW), width)) if text.split()[1] == label)


def with_chain(**changes: Any) -> NodeStatus:
    healthy = status()
    return msgspec.structs.replace(healthy, chain=msgspec.structs.replace(healthy.chain, **changes))


def endpoints(*states: EndpointState) -> NodeStatus:
    return with_chain(
        endpoints=tuple(
            EndpointHealth(name=f"https://rpc{place}.example", state=state)
            for place, state in enumerate(states)
        )
    )


def test_each_has_one_line_and_all_have_room_at_80_columns() -> None:
    lines = texts(column_lines(status(), Sight(NOW), 80))
    assert [line.split()[1] for line in lines] == LABELS
    pairs = texts(paired_lines(status(), Sight(NOW), 80))
    assert len(pairs) == 4
    assert all(label in " ".join(pairs) for label in LABELS)


@given(st.integers(60, 200), st.booleans())
def test_no_line_is_wider_than_the_pane(width: int, is_blocked: bool) -> None:
    shown = blocked() if is_blocked else status()
    for draw in (column_lines, paired_lines):
        assert all(width_of(one) <= width for one in draw(shown, Sight(NOW), width))


def test_one_endpoint_needs_no_word_and_several_healthy_ones_are_counted() -> None:
    assert "endpoint" not in told("chain", endpoints(EndpointState.IN_USE))
    assert "● chain    answers      4 ms · 2 endpoints" in told(
        "chain", endpoints(EndpointState.IN_USE, EndpointState.STANDBY)
    )


def test_those_that_are_out_come_first_and_say_what_for() -> None:
    shown = endpoints(
        EndpointState.RESTING, EndpointState.IN_USE, EndpointState.PROBING, EndpointState.RESTING
    )
    assert "▲ chain    answers      3 of 4 endpoints out (2 resting, 1 probing)" in told("chain", shown)
    assert "3 of 4" in texts(paired_lines(shown, Sight(NOW), 80))[0]


def test_a_chain_that_is_not_read_says_why() -> None:
    assert "✖ chain    not read     The chain endpoint" in told(
        "chain", with_chain(error="The chain endpoint did not answer.")
    )


@pytest.mark.parametrize(("age_s", "said"), [(2, "● head     current      1,204 · now"), (17, "· 15 s ago")])
def test_the_age_of_the_head_stands_still_between_steps(age_s: float, said: str) -> None:
    shown = with_chain(head_seen_at=NOW - age_s)
    assert said in told("head", shown)
    assert told("head", shown) == told("head", with_chain(head_seen_at=NOW - age_s - 2))


def test_a_head_that_stands_still_is_late_and_one_never_seen_unknown() -> None:
    assert "▲ head     late         90 s ago · 1,204" in told("head", with_chain(head_seen_at=NOW - 91))
    assert told("head", with_chain(head_number=None)).rstrip() == " ○ head     unknown"


def test_a_full_disk_is_told_of_the_store() -> None:
    store = StoreHealth(
        kind="local", location="/data", is_writable=True, error="The journal cannot be written: disk is full"
    )
    shown = msgspec.structs.replace(status(), store=store)
    assert "✖ store    not writable The journal cannot be written: disk is full" in told("store", shown)
    assert "● chain " in told("chain", shown)


@pytest.mark.parametrize(
    ("ipfs", "said"),
    [
        (IpfsHealth(endpoint="http://a:5001"), "○ ipfs     not asked    http://a:5001"),
        (
            IpfsHealth(endpoint="http://a:5001", out=0, version="0.33.0", peers=12, repo_bytes=3 * 2**20),
            "● ipfs     answers      12 peers · repo 3 MiB · version 0.33.0 · http://a:5001",
        ),
        (
            IpfsHealth(endpoint="http://a:5001", out=1, waiting=2, error="it does not answer"),
            "▲ ipfs     no answer    2 waiting · it does not answer · http://a:5001",
        ),
        (
            IpfsHealth(endpoint="http://b:5001", count=2, out=1, version="0.33.0", repo_limit_bytes=1),
            "▲ ipfs     1 of 2 out   peers unknown · repo unknown · version 0.33.0",
        ),
        (
            IpfsHealth(endpoint="http://a:5001", out=0, version="\x1b[31m", waiting=1),
            "▲ ipfs     answers      1 waiting · peers unknown · repo unknown · version ␛[31m",
        ),
    ],
)
def test_ipfs_is_told_of_where_it_is_set(ipfs: IpfsHealth, said: str) -> None:
    healthy = status()
    shown = msgspec.structs.replace(healthy, store=msgspec.structs.replace(healthy.store, ipfs=ipfs))
    assert said in told("ipfs", shown)
    assert not any(" ipfs " in text for text in texts(column_lines(healthy, Sight(NOW), 110)))


def test_gas_says_how_many_tasks_it_pays_for_and_that_it_is_not_known_before_the_first() -> None:
    assert "● gas      enough       9.9987 ether · ≈ 19,500 tasks left at this price" in told("gas", status())
    before = msgspec.structs.replace(status(), gas=GasOutlook(price_wei="1500000000"))
    assert "tasks left unknown until one is done" in told("gas", before)
    free = msgspec.structs.replace(status(), gas=GasOutlook(price_wei="0", task_gas=1, counted_tasks=1))
    assert "gas costs nothing here" in told("gas", free)


def test_what_gas_pays_for_is_unknown_before_its_price_is_read() -> None:
    unread = msgspec.structs.replace(status(), gas=GasOutlook(task_gas=341_523))
    assert "tasks left unknown, the price is not read yet" in told("gas", unread)


def test_gas_for_few_tasks_is_a_warning_and_none_is_a_failure() -> None:
    few = msgspec.structs.replace(status(), gas=msgspec.structs.replace(status().gas, tasks_left=7))
    assert "▲ gas      low          ≈ 7 tasks left at this price · 9.9987 ether" in told("gas", few)
    assert "✖ gas      none         0 ether" in told("gas", blocked())


def test_the_key_says_where_it_is_from_and_what_it_may_pay_today() -> None:
    line = told("key", status())
    assert "0x7099…79C8 · 98 % gas left today of 0.5 ether · from keystore, password file" in line
    spent = msgspec.structs.replace(
        status(), preconditions=preconditions(the_key_may_sign=("its budget is used up", "raise it"))
    )
    assert "✖ key      may not sign 0x7099…79C8 · its budget is used up" in told("key", spent)


@pytest.mark.parametrize(
    ("registration", "said"),
    [
        (Registration(is_registered=True, detail="by IAM"), "● registry registered   by IAM"),
        (Registration(is_registered=False, detail="by IAM"), "▲ registry not register"),
        (Registration(detail="not readable on this network"), "○ registry unknown      not readable"),
    ],
)
def test_registration_is_told_where_it_can_be_read(registration: Registration, said: str) -> None:
    assert said in told("registry", msgspec.structs.replace(status(), registration=registration))


def test_restarts_and_loading_of_the_engine_are_told() -> None:
    engine = msgspec.structs.replace(status().engine, restarts=2)
    assert "2 restarts" in told("engine", msgspec.structs.replace(status(), engine=engine))
    loading = msgspec.structs.replace(engine, state=EngineState.LOADING, load_progress=0.4, restarts=0)
    assert "▲ engine   loading      40% ━━━━╌╌╌╌╌╌ · SmolLM2" in told(
        "engine", msgspec.structs.replace(status(), engine=loading)
    )


def test_whose_wish_the_model_is_loaded_on_is_told() -> None:
    engine = msgspec.structs.replace(
        status().engine, state=EngineState.LOADING, load_progress=0.4, model="gemma", loading_for=7
    )
    assert "engine   loading      gemma for session 7 · 40% ━━━━╌╌╌╌╌╌" in told(
        "engine", msgspec.structs.replace(status(), engine=engine)
    )


def test_an_image_that_is_pulled_is_named_beside_how_far_it_is() -> None:
    pulling = msgspec.structs.replace(
        status().engine, state=EngineState.STARTING, step="pulling the image", load_progress=0.4, restarts=0
    )
    line = told("engine", msgspec.structs.replace(status(), engine=pulling))
    assert "starting" in line
    assert line.index("pulling the image") < line.index("40")


def died(ago_s: float, **changes: Any) -> NodeStatus:
    engine = msgspec.structs.replace(
        status().engine,
        restarts=1,
        died_at=NOW - ago_s,
        death="it was killed by SIGKILL, as the kernel does when memory runs out",
    )
    return msgspec.structs.replace(status(), engine=msgspec.structs.replace(engine, **changes))


def news(shown: NodeStatus, width: int) -> list[str]:
    """Return the lines that are there beside those of the dependencies, which must be the engine's."""
    draw = paired_lines if width <= 80 else column_lines
    lines, usual = texts(draw(shown, Sight(NOW), width)), texts(draw(status(), Sight(NOW), width))
    more = lines[3 : 3 + len(lines) - len(usual)]
    assert "engine" in lines[2]
    return [line.strip() for line in more]


@pytest.mark.parametrize("width", [80, 110])
def test_a_restart_of_the_engine_stays_told_for_an_hour_with_its_cause(width: int) -> None:
    assert news(died(130), width) == ["restarted 2 min ago (killed by SIGKILL)"]
    of_silent = "".join(span.text for span in engine_news(died(130).engine, Sight(NOW, 90.0)))
    assert of_silent.startswith("restarted 2 min ago"), "it ages on though the node is silent"
    assert news(died(3590, restarts=3), width) == ["restarted 3 times, last 59 min ago (killed by SIGKILL)"]
    assert news(died(3600), width) == []
    assert "1 restart" in told("engine", died(3600))


def test_a_model_server_is_lost_and_found_where_our_own_engine_dies_and_is_restarted() -> None:
    lost = died(130, is_ours=False, death="connection refused")
    assert news(lost, 110) == ["was lost 2 min ago (connection refused)"]
    silent = died(130, is_ours=False, silent_since=NOW - 9)
    assert "if that lasts it counts as lost until it is back" in " ".join(news(silent, 110))
    assert "lost 1 time" in told("engine", died(3600, is_ours=False))
    details = {one.label: one.text for one in node_details(died(130, is_ours=False, runs=1))}
    assert details["engine lost"].endswith(
        ": it was killed by SIGKILL, as the kernel does when memory runs out"
    )
    assert details["engine busy"] == "1 run"


def test_while_the_engine_is_not_back_its_error_says_it() -> None:
    shown = died(3, state=EngineState.STARTING, error="The engine process died: it was killed by SIGKILL.")
    assert "The engine process died" in told("engine", shown)
    assert news(shown, 110) == []


def test_a_silent_engine_is_no_healthy_one() -> None:
    engine = msgspec.structs.replace(status().engine, silent_since=NOW - 8)
    shown = msgspec.structs.replace(status(), engine=engine)
    assert "▲ engine   silent       SmolLM2" in told("engine", shown)
    assert news(shown, 80) == ["no answer for 8 s; if that lasts it is started again by itself"]


def test_before_the_chain_is_known_no_answers_are_counted() -> None:
    unknown = msgspec.structs.replace(status(), answered_tasks=None, missed_tasks=None)
    assert told("tasks", unknown).rstrip() == " ○ tasks    unknown"


@pytest.mark.parametrize(
    ("health", "role"), [("connected", "muted"), (NO_WEBSOCKET, "muted"), ("lost: it is silent", "warn")]
)
def test_a_lost_feed_is_a_warning_and_one_that_never_was_is_none(health: str, role: str) -> None:
    lines = column_lines(with_chain(head_feed=health), Sight(NOW), 110)
    spans = [span for line in lines for span in line if f"feed {health}" in span.text]
    assert [span.role for span in spans] == [role]


def paired(shown: NodeStatus, width: int = 80, at: float = NOW) -> str:
    """Return the lines for screens with few lines."""
    return "\n".join(text.rstrip() for text in texts(paired_lines(shown, Sight(at), width)))


def test_what_fails_has_a_line_of_its_own_where_its_cause_can_be_read() -> None:
    error = "http://127.0.0.1:8545 answers 502 Bad Gateway"
    assert f"✖ chain    not read     {error}" in paired(with_chain(error=error))
    engine = msgspec.structs.replace(
        status().engine, state=EngineState.FAILED, error="llama.cpp ran out of memory"
    )
    failed = paired(msgspec.structs.replace(status(), engine=engine))
    assert "✖ engine   failed       llama.cpp ran out of memory" in failed
    assert len(failed.split("\n")) == 5
    assert all(label in failed for label in LABELS)


def test_where_there_is_little_room_what_matters_less_goes_first() -> None:
    assert "▲ head     late 90 s ago" in paired(with_chain(head_seen_at=NOW - 91))
    few = msgspec.structs.replace(status(), gas=msgspec.structs.replace(status().gas, tasks_left=7))
    assert "▲ gas      low ≈ 7 tasks left" in paired(few, 60)
    loading = msgspec.structs.replace(status().engine, state=EngineState.LOADING, load_progress=0.4)
    assert "▲ engine   loading 40%" in paired(msgspec.structs.replace(status(), engine=loading), 60)
    assert "○ registry not readable on this network" in paired(status())


def test_gpus_stand_beside_the_engine_only_where_they_tell_something() -> None:
    gpu = Gpu(name="Fast 9000", memory_used_bytes=2**30, memory_total_bytes=2**33, utilisation=0.45)
    with_gpu = msgspec.structs.replace(died(3600), gpus=GpuReading(gpus=(gpu,), driver="580.82"))
    shown = [(one.label, one.text) for one in node_details(with_gpu)]
    at = shown.index(("gpu", "Fast 9000, 1,024 of 8,192 MiB used, 45 % busy"))
    assert shown[at + 1] == ("", "NVIDIA driver 580.82")
    assert not [one for one in node_details(died(3600)) if one.label == "gpu"]
    gone = GpuReading(problem=Problem(code="gpu_unreadable", what="It is gone", remedy="Look"))
    lost = node_details(msgspec.structs.replace(died(3600), gpus=gone))
    assert [one.text for one in lost if one.label == "gpu"] == ["It is gone. Look."]


def test_layers_that_are_computed_elsewhere_than_asked_are_a_warning_of_the_engine() -> None:
    told = msgspec.structs.replace(
        died(3600).engine, facts=EngineFacts(gpu_layers=0), warning=Problem(code="no_gpu", what="No GPU")
    )
    shown = {one.label: one.text for one in node_details(msgspec.structs.replace(died(3600), engine=told))}
    assert shown["engine warning"] == "No GPU."
    on_gpu = msgspec.structs.replace(told, facts=EngineFacts(gpu_layers=31), warning=None)
    lines = [one.text for one in node_details(msgspec.structs.replace(died(3600), engine=on_gpu))]
    assert "31 layers on the GPU" in lines
