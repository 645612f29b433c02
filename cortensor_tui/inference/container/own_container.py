"""The one container of a node: made or taken over, started, followed, and ended."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import msgspec
import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.inference.container import problems
from cortensor_tui.inference.container.docker_api import DockerApi
from cortensor_tui.inference.container.docker_errors import DockerError, DockerRefusedError
from cortensor_tui.inference.container.docker_stream import LogLines, PullProgress
from cortensor_tui.inference.container.docker_types import Container, Image
from cortensor_tui.inference.container.plan import OWNER_LABEL, PLAN_LABEL, ContainerPlan, create_body

log = structlog.get_logger(__name__)

STOP_GRACE_S = 5
PULL_AGAIN_S = 300.0
"""Registries count who asks: an image that could not be pulled is looked for on this machine meanwhile."""

_LOOPBACK = "127.0.0.1"
_CONFLICT = 409

StepListener = Callable[[str, float | None], None]
"""Told what is being done, and how much of it, 0 to 1 or None."""


class Up(msgspec.Struct, frozen=True, kw_only=True):
    """A container that runs. `was_left` says that an earlier node of the same settings had made it."""

    container_id: str
    url: str
    was_left: bool


class OwnContainer:
    """Makes the container of a plan and holds on to it; no other container is ever touched."""

    def __init__(
        self, api: DockerApi, plan: ContainerPlan, *, ask_again_s: float = 2.0, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._api = api
        self._plan = plan
        self._ask_again_s = ask_again_s
        self._clock = clock
        self._no_pull_until: float | None = None
        self._pull_error = ""
        self._last_line = ""
        self._shown: Callable[[str], str] = str

    @property
    def last_line(self) -> str:
        """Return what it said last, as it may be shown."""
        return self._shown(self._last_line)

    async def up(self, told: StepListener) -> Up:
        """Return when the container runs, whether or not its server answers yet.

        One that a killed node left is taken over where it is just what this plan asks for, else replaced.
        Raises `ProblemError`.
        """
        try:
            told("asking Docker", None)
            engine = (await self._api.version()).engine
            image = await self._image(told)
            port = self._image_port(image)
            body = create_body(self._plan, image.id, port)
            left = await self._left_over(body["Labels"][PLAN_LABEL])
            if left is not None:
                log.info("container taken over", name=self._plan.name, docker=engine)
                return self._running(left, port, was_left=True)
            told("starting the container", None)
            made = await self._start_new(body, port)
            log.info("container started", name=self._plan.name, image=self._plan.image, docker=engine)
            return self._running(made, port, was_left=False)
        except DockerError as error:
            raise problems.docker_problem(error, "start the container", self._api.socket_path) from error

    async def ended(self, container_id: str) -> str:
        """Wait until the container has ended, and return how, in words.

        An engine that goes away meanwhile says nothing about the container: it is asked until it is back.
        """
        is_docker_gone = has_waited = False
        while True:
            try:
                found = await self._api.inspect(container_id)
                if is_docker_gone:
                    log.info("docker answers again", container=self._plan.name)
                    is_docker_gone = False
                if found is None:
                    return "somebody removed it"
                if not found.state.running:
                    return problems.ended_how(found.state, self.last_line)
                if has_waited:  # told that it has ended, which is not so
                    await asyncio.sleep(self._ask_again_s)
                has_waited = True
                await self._api.wait(container_id)
            except DockerError as error:
                if not is_docker_gone:
                    log.warning("docker does not answer", why=str(error), container=self._plan.name)
                is_docker_gone = True
                await asyncio.sleep(self._ask_again_s)

    async def follow_log(
        self, container_id: str, hear: Callable[[str], None], shown: Callable[[str], str], *, from_now: bool
    ) -> None:
        """Hand on the lines of a container's log until it ends; `from_now` leaves out the older ones.

        `shown` returns what of a line may be shown.
        """
        self._shown = shown
        since_s = int(self._clock.now()) if from_now else 0
        while True:
            lines = LogLines()
            try:
                async for piece in self._api.log(container_id, since_s):
                    for line in lines.feed(piece):
                        self._last_line = line
                        hear(line)
                return
            except DockerRefusedError:
                return  # it is gone, or its log is kept where the engine cannot read it
            except DockerError:
                since_s = int(self._clock.now())
                await asyncio.sleep(self._ask_again_s)

    async def kill(self, container_id: str) -> bool:
        """End a container that does not answer; False where Docker did not: it may have ended by itself."""
        try:
            await self._api.kill(container_id)
        except DockerError as error:
            log.warning("container not killed", why=str(error), name=self._plan.name)
            return False
        return True

    async def down(self, container_id: str) -> None:
        """Stop the container and remove it. What Docker refuses is logged: the next start finds it again."""
        try:
            await self._api.stop(container_id, STOP_GRACE_S)
            await self._api.remove(container_id)
        except DockerError as error:
            log.warning("container not removed", why=str(error), name=self._plan.name)

    async def close(self) -> None:
        """Let go of Docker's socket."""
        await self._api.close()

    # --- how it comes up -------------------------------------------------------------------------

    async def _image(self, told: StepListener) -> Image:
        name = self._plan.image
        image = await self._api.image(name)
        if image is not None:
            return image
        if self._no_pull_until is not None and self._clock.monotonic() < self._no_pull_until:
            raise problems.image_absent(name, self._pull_error)
        self._pull_error = await self._pull(name, told)
        image = await self._api.image(name)
        if image is None:
            self._no_pull_until = self._clock.monotonic() + PULL_AGAIN_S
            raise problems.image_absent(name, self._pull_error or "Docker does not say why")
        return image

    async def _pull(self, name: str, told: StepListener) -> str:
        """Fetch an image, and return why not, "" where that is not told."""
        told("pulling the image", None)
        progress = PullProgress()
        try:
            async for line in self._api.pull(name):
                progress.take(line)
                told("pulling the image", progress.fraction)
        except DockerRefusedError as error:
            return str(error)
        return progress.error

    def _image_port(self, image: Image) -> int:
        if self._plan.image_port is not None:
            return self._plan.image_port
        if len(image.tcp_ports) != 1:
            raise problems.image_port_unknown(self._plan.image, image.tcp_ports)
        return image.tcp_ports[0]

    async def _left_over(self, plan_digest: str) -> Container | None:
        """Return the container that an earlier node left and that may stay; remove the others it left."""
        kept = None
        for container_id in await self._api.ids_with({OWNER_LABEL: self._plan.owner}):
            found = await self._api.inspect(container_id)
            if found is None or found.label(OWNER_LABEL) != self._plan.owner:
                continue
            if kept is None and found.state.running and found.label(PLAN_LABEL) == plan_digest:
                kept = found
            else:
                log.info("container of an earlier run removed", name=found.name.lstrip("/"))
                await self._api.remove(container_id)
        return kept

    async def _start_new(self, body: dict[str, object], port: int) -> Container:
        try:
            container_id = await self._api.create(self._plan.name, body)
        except DockerRefusedError as error:
            if error.status == _CONFLICT or "already in use" in str(error):
                raise problems.name_taken(self._plan.name) from error
            raise problems.start_refused(error, self._plan.host_port) from error
        try:
            made = await self._api.inspect(container_id)
            if made is None:
                raise DockerError("the container that was made is not there")
            host_port = self._host_port(made, port)
            if _is_taken(host_port):
                raise problems.port_taken(host_port)
            if _shares_network(made):
                log.warning("container shares this machine's network: others may reach its port", port=port)
            await self._api.start(container_id)
        except BaseException as error:
            await self.down(container_id)
            if isinstance(error, DockerRefusedError):
                raise problems.start_refused(error, self._plan.host_port) from error
            raise
        return made

    def _host_port(self, container: Container, port: int) -> int:
        """Return where it listens on this machine: without a network of its own, that is the image's port."""
        return port if _shares_network(container) else self._plan.host_port

    def _running(self, container: Container, port: int, *, was_left: bool) -> Up:
        url = f"http://{_LOOPBACK}:{self._host_port(container, port)}"
        return Up(container_id=container.id, url=url, was_left=was_left)


def _shares_network(container: Container) -> bool:
    return container.host_config.network_mode == "host"


def _is_taken(port: int) -> bool:
    """Tell whether a port of this machine has a listener: its answers would be taken for the container's."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return True
    return False
