"""What starts or stops something: the dashboard, the node, the devnet and the demo, all through `launch`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from cortensor_tui.cli.asking import ask, with_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.options import AsJson, Env, NewJournal
from cortensor_tui.cli.output import Exit, print_json, print_text, usage_error
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import Done, Stop

STOP_TIMEOUT_S = 30.0
_MINER_ROLES = ("minerv3", "minerv4")
_BACKENDS = ("embedded", "anvil")

node_commands = typer.Typer(
    help="The background worker that serves tasks. "
    "Cortensor's own form works too: cortensor-tui node FILE minerv3 1 docker",
    rich_markup_mode=None,
)


@node_commands.command("run")
def node_run(
    env: Env = DEFAULT_ENV,
    new_journal: NewJournal = False,
    passwords_on_stdin: Annotated[bool, typer.Option("--passwords-on-stdin", hidden=True)] = False,
    as_json: AsJson = False,
) -> int:
    """Run the node in the foreground until SIGINT or SIGTERM. With --json an error is JSON."""
    from cortensor_tui import launch

    return launch.run_node(
        env.expanduser(),
        os.environ,
        has_passwords_on_stdin=passwords_on_stdin,
        may_make_journal=new_journal,
    )


@node_commands.command("cortensord", hidden=True)
def node_as_cortensord(
    env: Path,
    role: str,
    number: Annotated[str, typer.Argument(metavar="[NUMBER]")] = "1",
    engine: Annotated[str, typer.Argument(metavar="[docker]")] = "",
    as_json: AsJson = False,
) -> int:
    """Run the node in the form that cortensord's service files use; the number is accepted and ignored."""
    if role not in _MINER_ROLES:
        raise usage_error(
            f"The role {role!r} is not one of this program",
            "it runs dedicated miners only",
            f"Give {' or '.join(_MINER_ROLES)}, or use cortensord for other roles",
        )
    if not number.isdecimal():
        raise usage_error(f"{number!r} is not a number", remedy="The form is: node FILE minerv3 1 docker")
    if engine not in ("", "docker"):
        raise usage_error(
            f"{engine!r} is not an engine", remedy="Give docker, or nothing for what the settings choose"
        )
    from cortensor_tui import launch

    return launch.run_node(env.expanduser(), os.environ, in_container=engine == "docker")


@node_commands.command("stop")
def node_stop(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Ask the running node to stop, and wait until it has."""
    with_node(env, _stop)
    if as_json:
        print_json({"stopped": True})
    else:
        print_text("The node has stopped.")
    return Exit.DONE


async def _stop(client: NodeClient) -> None:
    """Ask it to stop, then listen until the line breaks: that is when it is gone."""
    await ask(client, Stop(), Done)
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            async for _ in client.attach():
                pass
    except TimeoutError as error:
        raise problem_error(
            "node_still_there",
            f"The node has not stopped within {STOP_TIMEOUT_S:g} s",
            "it may be finishing a task",
            "Look with: cortensor-tui status",
        ) from error
    except ProblemError as error:
        if error.problem.code != "node_gone":
            raise


def devnet(
    backend: Annotated[
        str, typer.Option("--backend", metavar="NAME", help="embedded or anvil.")
    ] = "embedded",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")
    ] = 0,
    block_time: Annotated[
        float,
        typer.Option(
            "--block-time", min=0, metavar="S", help="Seconds a block; 0 mines at once (anvil only)."
        ),
    ] = 1.0,
    generation: Annotated[
        str, typer.Option("--generation", metavar="NAME", help="Of the contracts: old, mid or new.")
    ] = "new",
    as_json: AsJson = False,
) -> int:
    """Run a chain with our own contracts until SIGINT or SIGTERM; print where it is once it answers."""
    if backend not in _BACKENDS:
        raise usage_error(f"{backend!r} is no backend of the devnet", remedy=f"Give {' or '.join(_BACKENDS)}")
    if generation not in list(Generation):
        raise usage_error(f"{generation!r} is no generation of the contracts", remedy="Give old, mid or new")
    if backend == "embedded" and block_time < 1:
        raise usage_error(
            "The embedded chain mines one block a second at most", remedy="Give --block-time 1 or more"
        )
    from cortensor_tui import launch

    return launch.run_devnet(backend, port, as_json, block_time, generation)


def demo() -> int:
    """Show everything at work: a chain, a node and a client of its own, which end together."""
    from cortensor_tui import launch

    return launch.run_demo(os.environ)
