"""What Docker is asked for, from the settings' words."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.container.docker_api import with_tag
from cortensor_tui.inference.container.docker_socket import DEFAULT_SOCKET, docker_socket
from cortensor_tui.inference.container.plan import (
    PLAN_LABEL,
    ContainerPlan,
    container_name,
    create_body,
    image_name,
)

PLAN = ContainerPlan(image="example/server:1", name="server-1", owner="/home/o/.env", host_port=8090)


@pytest.mark.parametrize(
    ("setting", "registry", "image"),
    [
        ("example/server:1", "cortensor", "example/server:1"),
        ("deepseek-r1:8b-gpu", "cortensor", "cortensor/cts-llm-14"),
        ("Gemma3:270m", "", "cts-llm-12"),
        ("example/gemma3:270m", "cortensor", "example/gemma3:270m"),
        ("deepseek-r1:9b-gpu", "cortensor", "deepseek-r1:9b-gpu"),
        ("0", "cortensor", "cortensor/cts-llm"),
        ("12", "cortensor", "cortensor/cts-llm-12"),
        ("012", "registry.example/x/", "registry.example/x/cts-llm-12"),
        ("7", "", "cts-llm-7"),
    ],
)
def test_an_image_is_a_name_or_one_of_the_networks_list(setting: str, registry: str, image: str) -> None:
    assert image_name(setting, registry) == image


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        ("a/b", "a/b:latest"),
        ("localhost:5000/b", "localhost:5000/b:latest"),
        ("localhost:5000/b:2", "localhost:5000/b:2"),
        ("b@sha256:12", "b@sha256:12"),
    ],
)
def test_an_image_without_a_tag_is_the_latest(image: str, asked: str) -> None:
    assert with_tag(image) == asked


@given(st.text(max_size=10, alphabet="abc-_."), st.text(min_size=1, max_size=40))
def test_a_containers_name_is_one_that_docker_takes(prefix: str, image: str) -> None:
    name = container_name(prefix, image)

    assert all(character.isascii() and (character.isalnum() or character in "_.-") for character in name)
    assert not name.startswith(("_", ".", "-"))


def test_the_name_has_the_prefix_and_neither_registry_nor_digest() -> None:
    assert container_name("n2-", "ghcr.io/example/llama.cpp:server@sha256:aa") == "n2-llama.cpp-server"


def test_the_port_is_open_on_this_machine_alone_and_the_log_is_bounded() -> None:
    host = create_body(PLAN, "sha256:1", 8080)["HostConfig"]

    assert host["PortBindings"] == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8090"}]}
    assert host["RestartPolicy"] == {"Name": "no"}
    assert host["LogConfig"]["Config"]["max-size"] == "10m"
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert not {"Binds", "Mounts", "DeviceRequests", "Memory", "Privileged"} & host.keys()


def test_the_model_alone_is_mounted_read_only_and_nothing_that_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    real = tmp_path / "a:b" / "real.gguf"
    real.write_bytes(b"GGUF")
    (tmp_path / "m.gguf").symlink_to(real)
    plan = msgspec.structs.replace(
        PLAN, model_path=tmp_path / "m.gguf", command=("-m", "{model}", "--port={port}", "{context}")
    )

    body = create_body(plan, "sha256:1", 8080)

    assert body["HostConfig"]["Mounts"] == [
        {"Type": "bind", "Source": str(real), "Target": "/models/m.gguf", "ReadOnly": True}
    ]
    assert "Binds" not in body["HostConfig"]
    assert body["Cmd"] == ["-m", "/models/m.gguf", "--port=8080", "2048"]
    assert "LLAMA_ARG_MODEL=/models/m.gguf" in body["Env"]
    assert "PORT=8080" in body["Env"]


@pytest.mark.parametrize(
    ("ids", "asked"),
    [
        ((), {"Count": -1, "Capabilities": [["gpu"]]}),
        (("0", "1"), {"DeviceIDs": ["0", "1"], "Capabilities": [["gpu"]]}),
    ],
)
def test_gpus_are_asked_for_as_dockers_own_client_does(ids: tuple[str, ...], asked: object) -> None:
    plan = msgspec.structs.replace(PLAN, gpu_device_ids=ids)

    assert create_body(plan, "sha256:1", 8080)["HostConfig"]["DeviceRequests"] == [asked]


def test_whatever_is_changed_is_another_plan() -> None:
    def digest(image_id: str = "sha256:1", **changes: object) -> str:
        plan = msgspec.structs.replace(PLAN, **changes)
        return str(create_body(plan, image_id, 8080)["Labels"][PLAN_LABEL])

    changed = [digest(image_id="sha256:2"), digest(host_port=8091), digest(context_tokens=4096)]

    assert digest() == digest()
    assert len({digest(), *changed}) == 4


@pytest.mark.parametrize(
    ("value", "path"),
    [(None, DEFAULT_SOCKET), ("", DEFAULT_SOCKET), ("unix:///run/p.sock", Path("/run/p.sock"))],
)
def test_docker_listens_where_docker_host_says(value: str | None, path: Path) -> None:
    assert docker_socket({} if value is None else {"DOCKER_HOST": value}) == path


@pytest.mark.parametrize("value", ["tcp://10.0.0.1:2375", "ssh://host", "unix://", "/run/docker.sock"])
def test_docker_on_another_machine_is_refused(value: str) -> None:
    with pytest.raises(ProblemError, match="DOCKER_HOST names no Unix socket"):
        docker_socket({"DOCKER_HOST": value})
