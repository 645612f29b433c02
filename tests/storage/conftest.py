"""What tests of the storage room share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ipfs_node import IpfsNode, running_ipfs_node


@pytest.fixture(scope="module")
def ipfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNode]:
    """A real IPFS node."""
    with running_ipfs_node(tmp_path_factory.mktemp("ipfs") / "repo") as node:
        yield node
