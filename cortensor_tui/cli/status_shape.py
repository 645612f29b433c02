"""The JSON of `status`: the node and what it depends on, kept apart from the wire's shapes."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.cli.formats import iso_time
from cortensor_tui.cli.output import problem_json
from cortensor_tui.cli.past import past_json
from cortensor_tui.domain.endpoints import EndpointHealth
from cortensor_tui.domain.health import Account, ChainHealth, NodeStatus
from cortensor_tui.domain.inference import EngineHealth, SelfTest
from cortensor_tui.domain.networks import ContractOrigin, ReplacedChain
from cortensor_tui.domain.swaps import SwapProgress


def status_json(status: NodeStatus) -> dict[str, Any]:
    """Return the document of `status`."""
    return {
        "verdict": status.verdict.value,
        "reason": status.reason,
        "is_watching": status.is_watching,
        "problem": problem_json(status.problem) if status.problem else None,
        "preconditions": [msgspec.to_builtins(one) for one in status.preconditions],
        "node": _account_json(status.node),
        "owner": _account_json(status.owner),
        "owner_key_problem": problem_json(status.owner_key_problem) if status.owner_key_problem else None,
        "gas": msgspec.to_builtins(status.gas),
        "registration": msgspec.to_builtins(status.registration),
        "chain": _chain_json(status.chain),
        "engine": _engine_json(status.engine),
        "gpus": msgspec.to_builtins(status.gpus),
        "store": msgspec.to_builtins(status.store),
        "tasks": {"answered": status.answered_tasks, "missed": status.missed_tasks},
        "past": past_json(status.past),
        "are_sessions_read": status.are_sessions_read,
        "swaps": [_swap_json(swap) for swap in status.swaps],
        "started_at": iso_time(status.started_at),
        "version": status.version,
        "settings_path": status.settings_path,
        "theme": status.theme,
        "warnings": list(status.warnings),
    }


def _swap_json(swap: SwapProgress) -> dict[str, Any]:
    return {
        "session_id": swap.session_id,
        "unbind_address": swap.unbind_address,
        "bind_address": swap.bind_address,
        "stage": swap.stage.value,
        "since": iso_time(swap.since),
        "tasks": [str(key) for key in swap.tasks],
        "problem": problem_json(swap.problem) if swap.problem else None,
    }


def _account_json(account: Account) -> dict[str, Any]:
    return {
        "address": account.address,
        "balance_wei": account.balance_wei,
        "read_at": iso_time(account.read_at),
        "unlocked_from": account.unlocked_from,
    }


def _chain_json(chain: ChainHealth) -> dict[str, Any]:
    return {
        "network": chain.network,
        "endpoint": chain.endpoint,
        "chain_id": chain.chain_id,
        "head_number": chain.head_number,
        "head_at": iso_time(chain.head_at),
        "head_seen_at": iso_time(chain.head_seen_at),
        "head_alarm_s": chain.head_alarm_s,
        "unread_since": iso_time(chain.unread_since),
        "latency_ms": chain.latency_ms,
        "queue_address": chain.queue_address,
        "session_address": chain.session_address,
        "error": chain.error,
        "head_feed": chain.head_feed,
        "explorer": chain.explorer,
        "replaced": _replaced_json(chain.replaced),
        "endpoints": [_endpoint_json(endpoint) for endpoint in chain.endpoints],
        **_origin_json(chain.origin),
    }


def _endpoint_json(endpoint: EndpointHealth) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "state": endpoint.state.value,
        "head_number": endpoint.head_number,
        "latency_ms": endpoint.latency_ms,
        "fault": endpoint.fault.value if endpoint.fault else None,
        "error": endpoint.error,
        "error_at": iso_time(endpoint.error_at),
        "resting_until": iso_time(endpoint.resting_until),
        "requests_last_minute": endpoint.requests_last_minute,
        "requests_per_s": endpoint.requests_per_s,
    }


def _origin_json(origin: ContractOrigin | None) -> dict[str, Any]:
    if origin is None:
        return {"generation": None, "is_generation_probed": None, "probes": [], "addresses": []}
    return {
        "generation": origin.generation.value,
        "is_generation_probed": origin.is_probed,
        "probes": [msgspec.to_builtins(probe) for probe in origin.probes],
        "addresses": [msgspec.to_builtins(found) for found in origin.addresses],
    }


def _replaced_json(before: ReplacedChain | None) -> dict[str, Any] | None:
    return None if before is None else msgspec.to_builtins(before) | {"at": iso_time(before.at)}


def _engine_json(engine: EngineHealth) -> dict[str, Any]:
    moments = {"silent_since": iso_time(engine.silent_since), "died_at": iso_time(engine.died_at)}
    file = {"model_file": engine.model_file and msgspec.structs.asdict(engine.model_file)}
    tested = {"self_test": engine.self_test and _self_test_json(engine.self_test)}
    warning = {
        "warning": problem_json(engine.warning) if engine.warning else None,
        "context_warning": problem_json(engine.context_warning) if engine.context_warning else None,
    }
    return msgspec.to_builtins(engine) | moments | file | tested | warning  # type: ignore[no-any-return]


def _self_test_json(found: SelfTest) -> dict[str, Any]:
    return msgspec.to_builtins(found) | {"at": iso_time(found.at)}  # type: ignore[no-any-return]
