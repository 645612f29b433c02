"""What the owner's key does: create, change and close sessions, bind and unbind nodes, submit prompts."""

from cortensor_tui.node.owner.desk import OwnerDesk

__all__ = ["OwnerDesk"]
