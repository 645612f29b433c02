// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskQueue} from "../Interfaces.sol";
import {DedicatedNodes} from "./DedicatedNodes.sol";
import {SessionRouters} from "./SessionRouters.sol";
import {Session, SessionState} from "./SessionStore.sol";
import {SessionViews} from "./SessionViews.sol";

/// @notice The life of a session, alike in every generation: who owns it, which nodes serve it, and who may bring
///         tasks in.
abstract contract Sessions is DedicatedNodes, SessionRouters, SessionViews {
    uint256 private constant MAX_NAME_BYTES = 128;
    uint256 private constant MAX_METADATA_BYTES = 4096;
    uint256 private constant MAX_NODES = 32;
    uint256 private constant MAX_NODE_TYPE = 2;
    uint256 private constant MAX_TASK_DATA_BYTES = 95_000;
    uint256 private constant MAX_TEMPLATE_BYTES = 16_384;
    uint256 private constant MAX_REFERENCE_BYTES = 1024;
    uint256 private constant LLM_PARAMS = 7;

    event SessionCreated(uint256 sessionId, bytes32 sid, address owner, address[] miners);
    event SessionUpdated(
        uint256 indexed sessionId,
        address indexed updater,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant
    );
    event SessionDeactivated(uint256 indexed sessionId, address indexed deactivator);
    event TaskSubmitted(uint256 sessionId, uint256 taskId, string taskData, string clientReference);
    event TaskAssigned(uint256 sessionId, uint256 taskId, bytes32[] nodeIds);

    function update(
        string calldata name,
        string calldata metadata,
        uint256 sessionId,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant,
        uint256 numOfValidatorNodes,
        uint256 mode
    ) external {
        Session storage session = _activeOwnedBySender(sessionId);
        _describe(session, name, metadata);
        _shape(session, minNumOfNodes, maxNumOfNodes, redundant, numOfValidatorNodes, mode);
        emit SessionUpdated(sessionId, msg.sender, minNumOfNodes, maxNumOfNodes, redundant);
    }

    /// @notice Close a session for good: it takes no more tasks and binds no more nodes.
    function deactivateSession(uint256 sessionId) external {
        Session storage session = _activeOwnedBySender(sessionId);
        session.state = SessionState.Inactive;
        _touch(session);
        emit SessionDeactivated(sessionId, msg.sender);
    }

    function updateOwner(uint256 sessionId, address newOwner) external {
        Session storage session = _ownedBySender(sessionId);
        require(newOwner != address(0), "SessionV2: the new owner's address is zero");
        _forget(msg.sender, sessionId);
        _sessionIdsOf[newOwner].push(sessionId);
        session.owner = newOwner;
        _touch(session);
    }

    /// @notice Called by the queue, so that this contract tells of an assignment too.
    function onTaskAssigned(uint256 sessionId, uint256 taskId, address[] calldata miners) external {
        require(msg.sender == getSessionQueueAddress(), "SessionV2: only the session queue may tell of assignments");
        Session storage session = _existing(sessionId);
        bytes32[] memory nodeIds = new bytes32[](miners.length);
        for (uint256 i = 0; i < miners.length; i++) {
            require(_isBound(session, miners[i]), "SessionV2: only nodes bound to the session may be assigned");
            nodeIds[i] = getNodeId(miners[i]);
            _afterAssignment(sessionId, miners[i]);
        }
        emit TaskAssigned(sessionId, taskId, nodeIds);
    }

    function getTaskResults(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory, string[] memory) {
        return ITaskQueue(getSessionQueueAddress()).getTaskResults(sessionId, taskId);
    }

    function getSessionQueueAddress() public view returns (address) {
        return _module("SessionQueueV2");
    }

    function getSessionAuthAddress() external pure returns (address) {
        return address(0);
    }

    /// @dev Opens a session that belongs to the sender. `variableAddress` and `reserveEphemeralNodes` of the
    ///      network's `create` have no effect here: what the first is for is not public, and there is no pool.
    function _open(string calldata name, string calldata metadata) internal returns (Session storage session) {
        uint256 sessionId = _sessions.length;
        session = _sessions.push();
        session.id = sessionId;
        session.sid = keccak256(abi.encode(block.chainid, address(this), sessionId));
        session.state = SessionState.Active;
        session.createdAt = block.timestamp;
        session.owner = msg.sender;
        _describe(session, name, metadata);
        _sessionIdsOf[msg.sender].push(sessionId);
        emit SessionCreated(sessionId, session.sid, msg.sender, new address[](0));
    }

    function _shape(
        Session storage session,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant,
        uint256 numOfValidatorNodes,
        uint256 mode
    ) internal {
        uint256 bound = session.dedicatedNodes.length;
        require(mode <= MODE_DEDICATED, "SessionV2: the mode must be 0, 1 or 2");
        require(mode != MODE_EPHEMERAL || bound == 0, "SessionV2: unbind the dedicated nodes first");
        require(minNumOfNodes <= maxNumOfNodes, "SessionV2: the minimum of nodes is above the maximum");
        require(maxNumOfNodes > 0, "SessionV2: the maximum of nodes is zero");
        require(maxNumOfNodes <= MAX_NODES, "SessionV2: the maximum of nodes is above 32");
        require(maxNumOfNodes >= bound, "SessionV2: more nodes are bound than the new maximum");
        require(redundant <= maxNumOfNodes, "SessionV2: the redundancy is above the maximum of nodes");
        require(numOfValidatorNodes <= MAX_NODES, "SessionV2: the number of validator nodes is above 32");
        session.minNumOfNodes = minNumOfNodes;
        session.maxNumOfNodes = maxNumOfNodes;
        session.redundant = redundant;
        session.numOfValidatorNodes = numOfValidatorNodes;
        session.mode = mode;
    }

    /// @dev Whether the sender may bring this task in; reverts where not.
    function _requireSubmittable(
        uint256 sessionId,
        uint256 nodeType,
        string calldata taskData,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        string calldata clientReference
    ) internal view {
        Session storage session = _existing(sessionId);
        require(
            msg.sender == session.owner || _isRouter(session, msg.sender),
            "SessionV2: only the session's owner or its routers may submit a task"
        );
        require(session.state == SessionState.Active, "SessionV2: the session is not active");
        require(nodeType <= MAX_NODE_TYPE, "SessionV2: the node type must be 0, 1 or 2");
        require(bytes(taskData).length > 0, "SessionV2: the task is empty");
        require(bytes(taskData).length <= MAX_TASK_DATA_BYTES, "SessionV2: the task is longer than 95000 bytes");
        require(bytes(promptTemplate).length <= MAX_TEMPLATE_BYTES, "SessionV2: the prompt template is too long");
        require(llmParams.length == LLM_PARAMS, "SessionV2: llmParams must have 7 entries");
        require(bytes(clientReference).length <= MAX_REFERENCE_BYTES, "SessionV2: the client reference is too long");
    }

    /// @dev What a generation keeps of an assignment.
    function _afterAssignment(uint256 sessionId, address miner) internal virtual {}

    function _describe(Session storage session, string calldata name, string calldata metadata) private {
        require(bytes(name).length > 0, "SessionV2: the session's name is empty");
        require(bytes(name).length <= MAX_NAME_BYTES, "SessionV2: the session's name is longer than 128 bytes");
        require(bytes(metadata).length <= MAX_METADATA_BYTES, "SessionV2: the metadata is longer than 4096 bytes");
        session.name = name;
        session.metadata = metadata;
        _touch(session);
    }
}
