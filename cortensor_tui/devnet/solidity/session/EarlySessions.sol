// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISessionQueueV2Early} from "../Interfaces.sol";
import {Sessions} from "./Sessions.sol";

/// @dev Field order and names are the network's.
struct TaskRequest {
    uint256 sessionId;
    uint256 id;
    uint256 gid;
    uint256 requestDate;
    bool completed;
    string data;
}

/// @notice What generations old and mid share: a `submit` without request parameters, task requests, and the
///         getters of what were public mappings there. Like such getters, those of mappings tell zero for what
///         is not there.
abstract contract EarlySessions is Sessions {
    mapping(uint256 sessionId => mapping(address node => uint256 tasks)) private _tasksOfNode;

    function submit(
        uint256 sessionId,
        uint256 nodeType,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        string calldata clientReference
    ) external {
        _requireSubmittable(sessionId, nodeType, taskData, promptTemplate, llmParams, clientReference);
        uint256 taskId = _queue().enqueueTask(sessionId, taskData, promptType, promptTemplate, llmParams);
        emit TaskSubmitted(sessionId, taskId, taskData, clientReference);
    }

    /// @notice Refused: who may store a request that no `submit` made is not public. Here a request is its task
    ///         in the queue, and `submit` alone makes one.
    function storeTaskRequest(
        uint256 sessionId,
        string calldata taskData
    ) external virtual returns (TaskRequest memory) {
        (sessionId, taskData);
        revert("SessionV2: a task request is stored by submit alone");
    }

    /// @notice A task as it was asked for; completed once it has ended. The name is the network's.
    function getTaskRequset(uint256 sessionId, uint256 taskId) external view returns (TaskRequest memory) {
        require(taskId < sessionTaskRequestCount(sessionId), "SessionV2: there is no such task request");
        return _requestOf(sessionId, taskId);
    }

    function getLatestTaskRequest(uint256 sessionId) external view returns (TaskRequest memory) {
        uint256 count = sessionTaskRequestCount(sessionId);
        require(count > 0, "SessionV2: the session has no task request");
        return _requestOf(sessionId, count - 1);
    }

    function sessionTaskRequestCount(uint256 sessionId) public view returns (uint256) {
        return _queue().getTaskCountBySessionId(sessionId);
    }

    /// @notice How many of a session's tasks a node has been assigned.
    function taskCountPerNode(uint256 sessionId, address node) external view returns (uint256) {
        return _tasksOfNode[sessionId][node];
    }

    /// @notice The session a node was bound to last, 0 for an unbound node.
    function nodeToSessionId(address node) external view returns (uint256) {
        return isNodeAssignedToAnySession(node) ? getNodeSessionId(node) : 0;
    }

    function isNodeInSessions(address node) external view returns (bool) {
        return isNodeAssignedToAnySession(node);
    }

    /// @notice The address of a node that was ever bound, zero for any other.
    function nodeIdToAddress(bytes32 nodeId) external view returns (address) {
        return _nodeOf[nodeId];
    }

    /// @notice Every node that was ever bound, in order.
    function allNodeAddresses(uint256 index) external view returns (address) {
        require(index < _nodesEverBound.length, "SessionV2: there is no node at this position");
        return _nodesEverBound[index];
    }

    function userSessions(address user, uint256 index) external view returns (uint256) {
        require(index < _sessionIdsOf[user].length, "SessionV2: there is no session at this position");
        return _sessionIdsOf[user][index];
    }

    function _afterAssignment(uint256 sessionId, address miner) internal virtual override {
        _tasksOfNode[sessionId][miner]++;
    }

    function _requestOf(uint256 sessionId, uint256 taskId) private view returns (TaskRequest memory request) {
        (request.sessionId, request.id) = (sessionId, taskId);
        (, request.gid, , request.data, request.completed, , request.requestDate, , , ) = _queue().sessionTasks(
            sessionId,
            taskId
        );
    }

    function _queue() private view returns (ISessionQueueV2Early) {
        return ISessionQueueV2Early(getSessionQueueAddress());
    }
}
