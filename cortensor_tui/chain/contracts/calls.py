"""The owner's calls to SessionV2, built for whichever generation the contract is of."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.sessions import SessionMode

# The one example that public clients give; index 0 is taken for a time-out in seconds.
REQUEST_PARAMS = (90, 0, 0, 0, 0, 0)


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """What `create` takes. The old generation knows nothing from `sla` on and leaves it out.

    `mode` is one of `SessionMode`, or a number that the network knows and this program does not.
    """

    name: str
    metadata: str = ""
    min_nodes: int = 1
    max_nodes: int = 3
    redundant: int = 1
    validator_nodes: int = 0
    mode: int = SessionMode.DEDICATED
    sla: int = 0
    model_identifier: int = 0
    reserve_period_s: int = 300
    max_task_executions: int = 5


class SessionUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What `update` takes, alike in every generation: it sets all of these, changed or not.

    `mode` is the contract's own number, since one that stays as it is may have no word here.
    """

    session_id: int
    name: str
    metadata: str
    min_nodes: int
    max_nodes: int
    redundant: int
    validator_nodes: int
    mode: int


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """What `submit` takes; only the newest generation takes `request_params`.

    `llm_params` are the chain's own seven integers, `node_type` is one of `SessionMode`.
    """

    session_id: int
    prompt: str
    llm_params: tuple[int, ...]
    prompt_type: int = 1
    prompt_template: str = ""
    node_type: int = SessionMode.DEDICATED
    request_params: tuple[int, ...] = REQUEST_PARAMS
    client_reference: str = "cortensor-tui"


def create_call(reader: ContractReader, asked: NewSession) -> ContractCall:
    """Return the call that creates a session."""
    values = {
        "name": asked.name,
        "metadata": asked.metadata,
        "variableAddress": ZERO_ADDRESS,
        "minNumOfNodes": asked.min_nodes,
        "maxNumOfNodes": asked.max_nodes,
        "redundant": asked.redundant,
        "numOfValidatorNodes": asked.validator_nodes,
        "mode": reader.numbers.session_modes.number_of(asked.mode),
        "reserveEphemeralNodes": False,
        "sla": asked.sla,
        "modelIdentifier": asked.model_identifier,
        "reservePeriod": asked.reserve_period_s,
        "maxTaskExecutionCount": asked.max_task_executions,
    }
    return reader.session_call("create", *reader.dialect.session_arguments("create", values))


def update_call(reader: ContractReader, asked: SessionUpdate) -> ContractCall:
    """Return the call that gives a session other words and numbers."""
    values = {
        "name": asked.name,
        "metadata": asked.metadata,
        "sessionId": asked.session_id,
        "minNumOfNodes": asked.min_nodes,
        "maxNumOfNodes": asked.max_nodes,
        "redundant": asked.redundant,
        "numOfValidatorNodes": asked.validator_nodes,
        "mode": asked.mode,
    }
    return reader.session_call("update", *reader.dialect.session_arguments("update", values))


def deactivate_call(reader: ContractReader, session_id: int) -> ContractCall:
    """Return the call that closes a session for good."""
    return reader.session_call("deactivateSession", session_id)


def hand_over_call(reader: ContractReader, session_id: int, new_owner: str) -> ContractCall:
    """Return the call that gives a session to another owner."""
    return reader.session_call("updateOwner", session_id, new_owner)


def add_router_call(reader: ContractReader, session_id: int, router: str, text: str) -> ContractCall:
    """Return the call that lists a router."""
    return reader.session_call("addRouter", session_id, router, text)


def update_router_call(reader: ContractReader, session_id: int, router: str, text: str) -> ContractCall:
    """Return the call that gives a listed router another text."""
    return reader.session_call("updateRouter", session_id, router, text)


def remove_router_call(reader: ContractReader, session_id: int, router: str) -> ContractCall:
    """Return the call that takes a router off the list."""
    return reader.session_call("removeRouter", session_id, router)


def submit_call(reader: ContractReader, asked: NewTask) -> ContractCall:
    """Return the call that submits a prompt."""
    values = {
        "sessionId": asked.session_id,
        "nodeType": reader.numbers.node_types.number_of(asked.node_type),
        "taskData": asked.prompt,
        "promptType": asked.prompt_type,
        "promptTemplate": asked.prompt_template,
        "llmParams": list(asked.llm_params),
        "requestParams": list(asked.request_params),
        "clientReference": asked.client_reference,
    }
    return reader.session_call("submit", *reader.dialect.session_arguments("submit", values))


def bind_call(reader: ContractReader, session_id: int, node_address: str) -> ContractCall:
    """Return the call that binds a node to a session."""
    return reader.session_call("addDedicatedNode", session_id, node_address)


def unbind_call(reader: ContractReader, session_id: int, node_address: str) -> ContractCall:
    """Return the call that takes a node from a session."""
    return reader.session_call("removeDedicatedNode", session_id, node_address)
