"""What answers as an IPFS node may say anything: it is told, and nothing of ours ends."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.unixfs import file_id
from tests.support.ipfs_proxy import IpfsProxy

NESTED = b'{"Version":"0.1","Hash":"x","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize("status", [200, 500])
async def test_json_that_is_nested_without_end_is_told_as_an_answer_that_makes_no_sense(status: int) -> None:
    async with IpfsProxy("http://127.0.0.1:1").running() as proxy:
        proxy.words, proxy.status = NESTED, status
        nodes = IpfsNodes([proxy.url], timeout_s=10)
        await nodes.look()
        assert nodes.health.out == 1
        assert ("makes no sense" if status == 200 else "HTTP 500") in nodes.health.error
        with pytest.raises(ProblemError) as refused:
            await nodes.deliver(str(file_id(b"an answer")), b"an answer")
        assert refused.value.problem.code in problems.PASSING
        await nodes.close()
