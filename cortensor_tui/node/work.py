"""What a node does on a chain that was found, look after look."""

from __future__ import annotations

from typing import Protocol

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.swaps import SwapProgress
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.owner_messages import OwnerReply, OwnerRequest
from cortensor_tui.node.pace import Pace
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.node.session_messages import SessionAct, SessionReply
from cortensor_tui.settings import Settings


class ActDesk(Protocol):
    """Does what only a key can do."""

    async def answer(self, body: OwnerRequest | SessionAct) -> OwnerReply | SessionReply:
        """Do what is asked. Raises `ProblemError` for what cannot be done."""


class ChainWork(Protocol):
    """One kind of work on one chain link: tasks are answered (`Mining`), or an address is watched."""

    @property
    def link(self) -> ChainLink:
        """The chain."""

    @property
    def sessions(self) -> SessionList:
        """Its sessions."""

    @property
    def owner_desk(self) -> ActDesk:
        """What is done with the owner's key."""

    @property
    def swaps(self) -> tuple[SwapProgress, ...]:
        """Return the swaps of nodes on their way, and those that stand half way."""

    @property
    def pace(self) -> Pace:
        """When the chain is looked at again."""

    @property
    def held_by(self) -> Problem | None:
        """Return what holds the tasks up, though the chain is there."""

    @property
    def key_problem(self) -> Problem | None:
        """Return what keeps the node's key from signing for now."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of the keys."""

    async def look(self) -> bool:
        """Look and act on what is found. False when the endpoint now serves another chain.

        Raises `ProblemError` when the endpoint tells nothing.
        """

    async def rest(self) -> None:
        """Wait until it is time for the next look."""

    async def stop(self) -> None:
        """Stop working."""

    def take_settings(self, settings: Settings, profile: NetworkProfile) -> None:
        """Go on with other settings."""

    def transaction_changed(self, transaction: Transaction) -> None:
        """Learn how a transaction goes."""
