"""What the contracts' own numbers mean: statuses, session modes, node types. A network may have others."""

from __future__ import annotations

from typing import Annotated

import msgspec

from cortensor_tui.domain.sessions import SessionMode

EnumNumber = Annotated[int, msgspec.Meta(ge=0, le=255)]


class TaskStatusNumbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers of SessionQueueV2's TaskStatus."""

    queued: EnumNumber
    assigned: EnumNumber
    precommitted: EnumNumber
    committed: EnumNumber
    ended: EnumNumber


class ModeNumbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network's numbers of a session's mode, or of `submit`'s node type."""

    ephemeral: EnumNumber
    hybrid: EnumNumber
    dedicated: EnumNumber

    def number_of(self, mode: int) -> int:
        """Return the network's number of one of our modes; any other number stays as it is."""
        return self._numbers().get(mode, mode)

    def mode_of(self, number: int) -> int:
        """Return our mode for the network's number; a number without one stays as it is."""
        return {theirs: ours for ours, theirs in self._numbers().items()}.get(number, number)

    def _numbers(self) -> dict[int, int]:
        return {mode.value: getattr(self, mode.name.lower()) for mode in SessionMode}


PUBLIC_MODES = ModeNumbers(ephemeral=0, hybrid=1, dedicated=2)  # as public clients have them


class ContractNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What the contracts' own numbers mean to whoever reads and calls them."""

    queued_status: int = 0
    session_modes: ModeNumbers = PUBLIC_MODES
    node_types: ModeNumbers = PUBLIC_MODES


PUBLIC_NUMBERS = ContractNumbers()
