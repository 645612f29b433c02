"""Everything the demo shows: a devnet with two sessions, a node, and a client that submits prompts.

Run as `python -m cortensor_tui.launch.demo_world PARENT_PID FOLDER`. Tells its progress as JSON lines on
stdout and ends with its parent.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import secrets
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.calls import NewSession, NewTask, bind_call, create_call, submit_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.networks.profiles import choose_profile
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.chain.signing.keystore import write_keystore
from cortensor_tui.devnet.accounts import DevAccount
from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.devnet.service import DevnetInfo, run_devnet
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.inference.llama.exit_words import describe_exit
from cortensor_tui.inference.models.packaged import default_model_folder, fetch_default_model
from cortensor_tui.launch.demo_end import demo_ended
from cortensor_tui.launch.logs import log_to
from cortensor_tui.launch.options import demo_node_environ
from cortensor_tui.launch.tether import end_with_parent
from cortensor_tui.launch.until_signal import until_signal
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.paths import socket_path
from cortensor_tui.settings import NODE_ROLE, OWNER_ROLE, KeyRole, Secret, env_line
from cortensor_tui.settings.private_file import write_private_file

BOUND_SESSION, FREE_SESSION = 0, 1
PAUSE_BETWEEN_PROMPTS_S = 8.0
TASK_LOOK_S = 0.5
DEMO_SCRYPT_N = 1024  # anybody can derive these keys
NODE_STOP_TIMEOUT_S = 10.0
LLM_PARAMS = (192, 70, 95, 40, 110, 0, 0)

PROMPTS = (
    "In three sentences, what is a commit-reveal scheme good for?",
    "Write a short poem about a lighthouse in a storm.",
    "Explain to a ten-year-old why the sky is blue.",
    "List five things to check when a server does not answer.",
    "What is the difference between a hash and a signature?",
    "Tell a short story about a robot that learns to garden.",
    "Give me a simple recipe for bread.",
    "Why do computers count in powers of two?",
)


def tell(name: str, state: str, detail: str = "") -> None:
    """Report one step of starting."""
    _write({"name": name, "state": state, "detail": detail})


def _write(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def run_world(folder: Path) -> None:
    """Run until cancelled."""
    model = asyncio.create_task(_fetch_model())
    is_ready: asyncio.Future[DevnetInfo] = asyncio.get_running_loop().create_future()
    tell("chain", "running", "starting an embedded chain")
    devnet = asyncio.create_task(run_devnet(backend="embedded", port=0, on_ready=is_ready.set_result))
    play = asyncio.create_task(_play(folder, is_ready, model))
    try:
        done, _ = await asyncio.wait({devnet, play}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        play.cancel()
        devnet.cancel()
        model.cancel()
        await asyncio.gather(play, devnet, model, return_exceptions=True)


async def _fetch_model() -> Path:
    own = os.environ.get("CORTENSOR_TUI_MODEL_PATH")
    if own:
        tell("model", "done", own)
        return Path(own).expanduser().absolute()

    def progressed(done_bytes: int, total_bytes: int) -> None:
        tell("model", "running", f"fetching, {done_bytes // 2**20} of {total_bytes // 2**20} MiB")

    tell("model", "running", "looking for the model")
    path = await asyncio.to_thread(fetch_default_model, default_model_folder(), progressed)
    tell("model", "done", path.name)
    return path


async def _play(folder: Path, is_ready: asyncio.Future[DevnetInfo], model: asyncio.Task[Path]) -> None:
    info = await is_ready
    tell("chain", "done", f"chain {info.chain_id} at {info.rpc_url}")
    tell("contracts", "done", f"SessionV2 {info.contracts.session_v2}")
    owner, node, client = info.accounts[:3]
    rpc = RpcClient(info.rpc_url)
    try:
        tell("sessions", "running", "creating two")
        reader = ContractReader(
            rpc,
            Contracts(session_v2=info.contracts.session_v2, session_queue_v2=info.contracts.session_queue_v2),
            choose_profile(info.chain_id).active_session_state,
        )
        await _create_sessions(rpc, reader, owner, node.address, client.address)
        tell("sessions", "done", "one bound to the node, one to bind by hand")
        settings_path = folder / ".env"
        _write_settings(settings_path, info, owner, node, await model)
        await _run_node(settings_path, DemoClient(rpc, reader, client, settings_path))
    finally:
        await rpc.close()


async def _create_sessions(
    rpc: RpcClient, reader: ContractReader, owner: DevAccount, node: str, client: str
) -> None:
    sender = DevSender(rpc, owner.private_key)
    for name in ("bound (demo)", "to bind (demo)"):
        await _send(sender, create_call(reader, NewSession(name=name)))
    await _send(sender, bind_call(reader, BOUND_SESSION, node))
    await _send(sender, reader.session_call("addRouter", BOUND_SESSION, client, "the demo's client"))


async def _send(sender: DevSender, call: ContractCall) -> None:
    await sender.send(Outgoing(text=call.text, to=call.to, data=call.data))


def _write_settings(path: Path, info: DevnetInfo, owner: DevAccount, node: DevAccount, model: Path) -> None:
    values = {
        "HOST": info.rpc_url,
        "CHAINID": str(info.chain_id),
        "CONTRACT_ADDRESS_RUNTIME": info.contracts.runtime,
        "NODE_PUBLIC_KEY": node.address,
        **_write_key(path.parent, NODE_ROLE, node),
        "ENABLE_DEDICATED_NODE": "1",
        **_write_key(path.parent, OWNER_ROLE, owner),
        "CORTENSOR_TUI_DATA_DIR": str(path.parent / "data"),
        "CORTENSOR_TUI_MODEL_PATH": str(model),
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(env_line(key, value) for key, value in values.items())


def _write_key(folder: Path, role: KeyRole, account: DevAccount) -> dict[str, str]:
    """Write the account's keystore and its password, and return the settings that name them."""
    keystore, password_file = folder / f"{role.name}-key.json", folder / f"{role.name}-password"
    password = secrets.token_hex(16)
    write_private_file(password_file, password.encode(), may_replace=False)
    write_keystore(keystore, Secret(account.private_key), password, scrypt_n=DEMO_SCRYPT_N)
    return {role.keystore_key: str(keystore), role.password_file_key: str(password_file)}


async def _run_node(settings_path: Path, client: DemoClient) -> None:
    tell("node", "running", "starting")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cortensor_tui.launch.tethered_node",
        str(os.getpid()),
        str(settings_path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        env=demo_node_environ(os.environ, settings_path.parent),
    )
    prompting = asyncio.create_task(client.run())
    ending = asyncio.create_task(process.wait())
    try:
        done, _ = await asyncio.wait({prompting, ending}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if ending in done:
            how = describe_exit(ending.result()).removeprefix("it ")
            raise ProblemError(demo_ended(f"its node {how}"))
    finally:
        prompting.cancel()
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(NODE_STOP_TIMEOUT_S):
                    await ending
            except TimeoutError:
                process.kill()
                await process.wait()
        await asyncio.gather(prompting, ending, return_exceptions=True)


class DemoClient:
    """Submits a prompt now and then to the bound session, as a user of it would."""

    def __init__(
        self, rpc: RpcClient, reader: ContractReader, account: DevAccount, settings_path: Path
    ) -> None:
        self._reader = reader
        self._sender = DevSender(rpc, account.private_key)
        self._settings_path = settings_path

    async def run(self) -> None:
        """Wait until the node serves, then submit one prompt after another until cancelled."""
        await self._until_serving()
        for prompt in itertools.cycle(PROMPTS):
            with suppress(ProblemError):  # the dashboard shows what is wrong; the next prompt tries again
                await self._submit(prompt)
            await asyncio.sleep(PAUSE_BETWEEN_PROMPTS_S)

    async def _until_serving(self) -> None:
        while True:
            try:
                node = await NodeClient.connect(socket_path(self._settings_path))
            except ProblemError:
                await asyncio.sleep(TASK_LOOK_S)
                continue
            try:
                tell("node", "running", "waiting for the model")
                while True:
                    answer = await node.request(GetStatus())
                    if isinstance(answer, StatusChanged) and answer.status.verdict is Verdict.SERVING:
                        tell("node", "done", f"serving session {BOUND_SESSION}")
                        return
                    await asyncio.sleep(TASK_LOOK_S)
            finally:
                await node.close()

    async def _submit(self, prompt: str) -> None:
        task_id = (await self._reader.task_counts([BOUND_SESSION]))[0]
        asked = NewTask(
            session_id=BOUND_SESSION, prompt=prompt, llm_params=LLM_PARAMS, client_reference="demo"
        )
        await _send(self._sender, submit_call(self._reader, asked))
        key = TaskKey(BOUND_SESSION, task_id)
        task = await self._reader.task(key)
        while not task.is_ended:
            await asyncio.sleep(TASK_LOOK_S)
            task = await self._reader.task(key)


def main(parent_pid: int, folder: Path) -> int:
    """Run the world; return 1 and tell the problem when it cannot be. The folder goes with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the loop takes signals over
    try:
        end_with_parent(parent_pid)
        log_to(folder / "world.jsonl", "warning")
        asyncio.run(until_signal(run_world(folder)))
    except ProblemError as error:
        _write({"problem": msgspec.to_builtins(error.problem)})
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
