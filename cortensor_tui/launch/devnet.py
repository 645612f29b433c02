"""Runs a devnet in the foreground."""

from __future__ import annotations

import asyncio
import logging
import sys

import msgspec
import structlog

from cortensor_tui.devnet.service import BackendName, DevnetInfo, run_devnet
from cortensor_tui.domain.networks import Generation
from cortensor_tui.launch.until_signal import until_signal


def run_devnet_command(
    backend: str, port: int, as_json: bool, block_interval_s: float, generation: str
) -> int:
    """Run until a signal; print one line of JSON on stdout once the chain answers, words on stderr."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )

    def ready(info: DevnetInfo) -> None:
        sys.stdout.write(msgspec.json.encode(info).decode() + "\n")
        sys.stdout.flush()
        if not as_json:
            sys.stderr.write(f"The devnet answers at {info.rpc_url}. Stop it with Ctrl+C.\n")

    chosen: BackendName = "anvil" if backend == "anvil" else "embedded"
    devnet = run_devnet(
        backend=chosen,
        port=port,
        on_ready=ready,
        block_interval_s=block_interval_s,
        generation=Generation(generation),
    )
    asyncio.run(until_signal(devnet))
    return 0
