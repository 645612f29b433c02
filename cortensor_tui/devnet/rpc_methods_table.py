"""What a JSON-RPC method of the devnet's server looks like to the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

# A method takes the `params` member as it came and returns what goes into `result`, or raises RpcFault.
Method = Callable[[object], Awaitable[Any]]
MethodTable = dict[str, Method]
