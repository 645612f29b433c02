"""Every JSON-RPC method of the embedded chain, by name."""

from __future__ import annotations

from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.rpc_methods_blocks import BlockMethods
from cortensor_tui.devnet.rpc_methods_fees import FeeMethods
from cortensor_tui.devnet.rpc_methods_logs import LogMethods
from cortensor_tui.devnet.rpc_methods_state import StateMethods
from cortensor_tui.devnet.rpc_methods_table import MethodTable


def method_table(chain: EmbeddedChain) -> MethodTable:
    """Return the methods that serve a chain."""
    table: MethodTable = {}
    for group in (BlockMethods(chain), StateMethods(chain), LogMethods(chain), FeeMethods(chain)):
        table |= group.table()
    return table
