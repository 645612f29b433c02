"""All that a node knows of its network, for whoever looks into why something does not work."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.endpoints import EndpointReport, HeadFeedReport
from cortensor_tui.domain.networks import ContractOrigin


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What must be the same here and there; `is_same` is None while one of them is not known."""

    what: str
    ours: str
    theirs: str
    is_same: bool | None


class ProfileValue(msgspec.Struct, frozen=True, kw_only=True):
    """One number of the network's profile as the node works with it.

    `standing` says where it is from; `setting` is the one that overrides it, empty where none does.
    """

    name: str
    value: str
    standing: str
    setting: str = ""


class NetworkReport(msgspec.Struct, frozen=True, kw_only=True, tag="network"):
    """Endpoints are in the order of the settings; what needs the chain is empty until it is found."""

    network: str
    endpoints: tuple[EndpointReport, ...]
    head_feed: HeadFeedReport | None = None
    origin: ContractOrigin | None = None
    comparisons: tuple[Comparison, ...] = ()
    values: tuple[ProfileValue, ...] = ()
    error: str = ""
