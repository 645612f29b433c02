"""Other words for what keys do, as the contracts and the habits of other programs have them."""

from __future__ import annotations

_WORDS = {
    "app.assign": "bind dedicated addDedicatedNode register miner",
    "app.copy": "clipboard yank",
    "app.help": "keys bindings shortcuts",
    "app.new_session": "create",
    "app.notices": "alerts errors toasts warnings",
    "app.redraw": "clear repaint",
    "app.refresh": "fetch reconnect reload",
    "app.reveal": "hide payload reveal secret show",
    "app.start_node": "launch run",
    "app.submit": "ask inference submit task",
    "app.suspend": "background shell",
    "app.unassign": "release removeDedicatedNode unassign",
    "list.filter": "find search",
    "list.freeze": "follow hold pause stop",
    "list.reverse": "ascending descending order",
    "list.sort": "column order",
    "logs.filter": "find level search",
    "logs.follow": "freeze hold pause stop tail",
    "main.freeze": "hold pause stop",
    "main.node": "address details version warnings",
    "main.why": "blocked earn health preconditions reason",
    "main.zoom": "charts day hour range week",
    "network.filter": "find search",
    "network.freeze": "hold pause stop",
    "place.dashboard": "home main overview",
    "place.logs": "errors journal messages",
    "place.network": "addresses contracts endpoints latency probes rpc",
    "place.sessions": "nodes routers",
    "place.settings": "config env environment options",
    "place.setup": "configure demo first import onboarding run watch",
    "place.tasks": "answers history inference missed",
    "place.transactions": "fees gas nonce revert",
    "report.open": "answer pager prompt read text",
    "session.change": "edit mode name rename update",
    "session.close": "deactivate deactivateSession delete end remove",
    "session.swap": "exchange rebind replace",
    "sessions.filter": "find search",
    "sessions.reverse": "ascending descending order",
    "sessions.sort": "column order",
    "setting.default": "reset",
    "settings.change": "edit set write",
    "settings.changed": "modified own",
    "settings.filter": "find search",
    "settings.read": "fetch reload",
    "tasks.verify": "check hash proof verify",
    "transactions.copy_link": "arbiscan browser etherscan url",
}
IDS = tuple(_WORDS)


def words_of(binding_id: str | None) -> str:
    """Return by which other words a binding is found."""
    return _WORDS.get(binding_id or "", "")
