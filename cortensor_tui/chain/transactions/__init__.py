"""One gapless nonce stream a key: saved, then sent, then followed until mined."""

from cortensor_tui.chain.transactions.purpose import Estimate, Purpose
from cortensor_tui.chain.transactions.resubmission import SendRules
from cortensor_tui.chain.transactions.sender import TransactionSender

__all__ = ["Estimate", "Purpose", "SendRules", "TransactionSender"]
