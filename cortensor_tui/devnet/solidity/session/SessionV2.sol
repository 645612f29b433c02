// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISessionQueueV2} from "../Interfaces.sol";
import {Module} from "../Module.sol";
import {DedicatedNodes} from "./DedicatedNodes.sol";
import {SessionRouters} from "./SessionRouters.sol";
import {Session, SessionState} from "./SessionStore.sol";
import {SessionViews} from "./SessionViews.sol";

/// @notice Sessions: who owns them, which nodes serve them, and the door through which tasks come in.
contract SessionV2 is DedicatedNodes, SessionRouters, SessionViews {
    uint256 public constant MAX_RESERVE_PERIOD = 7 days;
    uint256 public constant MAX_TASK_EXECUTION_COUNT = 1000;

    uint256 private constant MAX_NAME_BYTES = 128;
    uint256 private constant MAX_METADATA_BYTES = 4096;
    uint256 private constant MAX_NODES = 32;
    uint256 private constant MAX_SLA = 2;
    uint256 private constant MAX_NODE_TYPE = 2;
    uint256 private constant MAX_TASK_DATA_BYTES = 95_000;
    uint256 private constant MAX_TEMPLATE_BYTES = 16_384;
    uint256 private constant MAX_REFERENCE_BYTES = 1024;
    uint256 private constant MAX_REQUEST_PARAMS = 32;
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

    constructor(address runtimeAddress, address oracleAddress) Module(runtimeAddress, oracleAddress) {}

    /// @notice Open a session that belongs to the sender.
    /// @dev The third and ninth argument (variableAddress, reserveEphemeralNodes) are part of the network's
    ///      interface and have no effect here: what the first is for is not public, and there is no pool.
    function create(
        string calldata name,
        string calldata metadata,
        address variableAddress,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant,
        uint256 numOfValidatorNodes,
        uint256 mode,
        bool reserveEphemeralNodes,
        uint256 sla,
        uint256 modelIdentifier,
        uint256 reservePeriod,
        uint256 maxTaskExecutionCount
    ) external {
        (variableAddress, reserveEphemeralNodes);
        require(sla <= MAX_SLA, "SessionV2: the sla must be 0, 1 or 2");
        require(reservePeriod <= MAX_RESERVE_PERIOD, "SessionV2: the reserve period is too long");
        require(maxTaskExecutionCount <= MAX_TASK_EXECUTION_COUNT, "SessionV2: the task execution count is too large");

        uint256 sessionId = _sessions.length;
        Session storage session = _sessions.push();
        session.id = sessionId;
        session.sid = keccak256(abi.encode(block.chainid, address(this), sessionId));
        session.state = SessionState.Active;
        session.createdAt = block.timestamp;
        session.owner = msg.sender;
        session.sla = sla;
        session.modelIdentifier = modelIdentifier;
        session.reservePeriod = reservePeriod;
        session.maxTaskExecutionCount = maxTaskExecutionCount;
        _describe(session, name, metadata);
        _shape(session, minNumOfNodes, maxNumOfNodes, redundant, numOfValidatorNodes, mode);
        _sessionIdsOf[msg.sender].push(sessionId);
        emit SessionCreated(sessionId, session.sid, msg.sender, new address[](0));
    }

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

    function submit(
        uint256 sessionId,
        uint256 nodeType,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        uint256[] calldata requestParams,
        string calldata clientReference
    ) external {
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
        require(requestParams.length <= MAX_REQUEST_PARAMS, "SessionV2: requestParams has too many entries");
        require(bytes(clientReference).length <= MAX_REFERENCE_BYTES, "SessionV2: the client reference is too long");
        uint256 taskId = ISessionQueueV2(getSessionQueueAddress()).enqueueTask(
            sessionId, taskData, promptType, promptTemplate, llmParams, requestParams
        );
        emit TaskSubmitted(sessionId, taskId, taskData, clientReference);
    }

    /// @notice Called by the queue, so that this contract tells of an assignment too.
    function onTaskAssigned(uint256 sessionId, uint256 taskId, address[] calldata miners) external {
        require(msg.sender == getSessionQueueAddress(), "SessionV2: only the session queue may tell of assignments");
        bytes32[] memory nodeIds = new bytes32[](miners.length);
        for (uint256 i = 0; i < miners.length; i++) nodeIds[i] = getNodeId(miners[i]);
        emit TaskAssigned(sessionId, taskId, nodeIds);
    }

    function getTaskResults(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory, string[] memory) {
        return ISessionQueueV2(getSessionQueueAddress()).getTaskResults(sessionId, taskId);
    }

    function getSessionQueueAddress() public view returns (address) {
        return _module("SessionQueueV2");
    }

    function getSessionDataAddress() external pure returns (address) {
        return address(0);
    }

    function getSessionAuthAddress() external pure returns (address) {
        return address(0);
    }

    function useDedicatedNodeSwitchModel() external pure returns (bool) {
        return false;
    }

    function _describe(Session storage session, string calldata name, string calldata metadata) private {
        require(bytes(name).length > 0, "SessionV2: the session's name is empty");
        require(bytes(name).length <= MAX_NAME_BYTES, "SessionV2: the session's name is longer than 128 bytes");
        require(bytes(metadata).length <= MAX_METADATA_BYTES, "SessionV2: the metadata is longer than 4096 bytes");
        session.name = name;
        session.metadata = metadata;
        _touch(session);
    }

    function _shape(
        Session storage session,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant,
        uint256 numOfValidatorNodes,
        uint256 mode
    ) private {
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
}
