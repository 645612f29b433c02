"""Probes an address that is to be watched: what it has, and which sessions it is bound to."""

from __future__ import annotations

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.networks.probe import probe_generation
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.networks.resolve import KnownAddresses, resolve_contracts
from cortensor_tui.chain.rpc.client import Rpc, quantity
from cortensor_tui.dashboard.format import ether
from cortensor_tui.node.owner.checks import check_address
from cortensor_tui.settings.setup_draft import Finding

FIELD = "watch_address"
MOST_SESSIONS = 300  # the newest; a probe is answered while a person waits
MOST_NAMED = 5


def address_finding(text: str) -> Finding:
    """Return whether it is an address, with its checksum."""
    address, [check] = check_address(text)
    if address is None:
        remedy = "Copy it whole; without capital letters it is taken without a checksum"
        return Finding(field=FIELD, is_good=False, text=check.detail, remedy=remedy)
    return Finding(field=FIELD, is_good=True, text=address)


async def found_on_chain(
    rpc: Rpc, address: str, known: KnownAddresses, profile: NetworkProfile
) -> tuple[Finding, ...]:
    """Return balance and bindings of an address, checksummed. Raises `ProblemError`."""
    balance_wei = quantity(await rpc.call("eth_getBalance", address, "latest"))
    resolved = await resolve_contracts(rpc, known, profile)
    generation, _ = await probe_generation(rpc, resolved.contracts)
    reader = ContractReader(
        rpc, resolved.contracts, profile.active_session_state, generation, profile.numbers
    )
    count = await reader.session_count()
    newest = range(max(0, count - MOST_SESSIONS), count)
    sessions = await reader.sessions(newest) if newest else []
    bound = [one.session_id for one in sessions if address in one.dedicated_nodes]
    return (
        Finding(field=FIELD, is_good=True if balance_wei else None, text=f"it has {ether(balance_wei)}"),
        Finding(field=FIELD, is_good=True if bound else None, text=_bindings(bound, len(sessions), count)),
    )


def _bindings(bound: list[int], read: int, count: int) -> str:
    if not bound:
        among = f"the newest {read:,} sessions" if read < count else f"the {count:,} sessions"
        return f"bound to none of {among} now; what comes later is shown when it comes"
    named = ", ".join(str(one) for one in bound[-MOST_NAMED:])
    more = f" and {len(bound) - MOST_NAMED} more" if len(bound) > MOST_NAMED else ""
    return f"bound to session{'s' if len(bound) > 1 else ''} {named}{more}"
