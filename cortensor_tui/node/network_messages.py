"""What is asked and told about the network."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.network_report import NetworkReport


class GetNetwork(msgspec.Struct, frozen=True, tag="get_network"):
    """All that the node knows of its endpoints, contracts and profile. Answered with `NetworkReport`."""


NetworkRequest = GetNetwork
NetworkReply = NetworkReport
