"""Several endpoints as one: which is asked, which rests, and how it comes back."""

from cortensor_tui.chain.endpoints.pool import EndpointPool

__all__ = ["EndpointPool"]
