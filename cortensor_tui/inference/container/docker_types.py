"""What is read of the Docker API's answers; everything else in them is ignored."""

from __future__ import annotations

from typing import Any

import msgspec


class Component(msgspec.Struct, frozen=True, rename="pascal"):
    """A part of the engine; the first is the engine itself."""

    name: str = ""


class Version(msgspec.Struct, frozen=True, rename="pascal"):
    """Which engine answers: Docker, or Podman's service in its place."""

    version: str = ""
    components: tuple[Component, ...] | None = None

    @property
    def engine(self) -> str:
        """Name it as people do."""
        names = [component.name for component in self.components or ()]
        return f"{'Podman' if any('Podman' in name for name in names) else 'Docker'} {self.version}".strip()


class ImageConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """What an image says of the containers made from it."""

    exposed_ports: dict[str, Any] | None = None


class Image(msgspec.Struct, frozen=True, rename="pascal"):
    """An image that is on this machine."""

    id: str
    config: ImageConfig | None = None

    @property
    def tcp_ports(self) -> tuple[int, ...]:
        """The TCP ports that it says it serves."""
        exposed = (self.config.exposed_ports or {}) if self.config else {}
        numbers = (name.partition("/") for name in exposed)
        return tuple(
            sorted(int(port) for port, _, kind in numbers if kind in ("", "tcp") and port.isdecimal())
        )


class State(msgspec.Struct, frozen=True, rename="pascal"):
    """A container's state; `exit_code` means something once it has ended."""

    status: str = ""
    running: bool = False
    exit_code: int = 0
    oom_killed: bool = msgspec.field(default=False, name="OOMKilled")
    error: str = ""


class Config(msgspec.Struct, frozen=True, rename="pascal"):
    """What a container was made with."""

    labels: dict[str, str] | None = None


class HostConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """How a container stands on its host."""

    network_mode: str = ""


class Container(msgspec.Struct, frozen=True, rename="pascal"):
    """A container as it is now."""

    id: str
    name: str = ""
    state: State = State()
    config: Config = Config()
    host_config: HostConfig = HostConfig()

    def label(self, name: str) -> str:
        """Return a label, "" where it has none of this name."""
        return (self.config.labels or {}).get(name, "")


class Created(msgspec.Struct, frozen=True, rename="pascal"):
    """The answer to making a container."""

    id: str


class Listed(msgspec.Struct, frozen=True, rename="pascal"):
    """One container of a list."""

    id: str


class Waited(msgspec.Struct, frozen=True):
    """The answer to waiting for a container's end; how it ended is asked for by itself."""


class Refusal(msgspec.Struct, frozen=True):
    """The body of an error."""

    message: str = ""
