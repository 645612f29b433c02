"""Keys that cortensord knows and this program does not read: no typos, so no warnings."""

from __future__ import annotations

from typing import Final

_NAMES: Final = frozenset(
    {
        "HOST_MAINNET",
        "ENABLE_MULTIPLE_RPC_HOST_DEBUG",
        "RPC_HOST_DEBUG",
        "DEV_MODE_ENABLE_DEBUG_PRINT",
        "OVERRIDE_GLOBAL_ENV_FILE",
        "DOCKER_IPFS",
        "DOCKER_LLM_MANAGER",
        "LLM_SUBPROCESS_MODEL",
        "LLM_GPU_DEVICE_IDS",
        "ENABLE_TX_QUEUE_MODE",
        "ENABLE_INFERENCE_QUEUE_MODE",
        "ENABLE_STREAM_QUEUE_NON_BLOCKING",
        "ENABLE_LLM_GATEWAY",
        "REVERSE_PROXY_REST_PORT",
        "IS_L3",
    }
)
_PREFIXES: Final = (
    "AGENT_",
    "API_",
    "CONTRACT_ADDRESS",
    "ENCRYPTION_",
    "LLM_GATEWAY_",
    "LLM_MEMORY_INDEX_",
    "LLM_OPTION_MODEL_GPU_THRESHOLD_",
    "LLM_VALIDATOR_",
    "MCP_",
    "OFFCHAIN_",
    "ROUTER_",
    "TAVILY_",
    "WS_",
    "X402_",
)


def is_known_unused(key: str) -> bool:
    """Tell whether the key belongs to a part of cortensord that this program does not have."""
    return key in _NAMES or key.startswith(_PREFIXES)
