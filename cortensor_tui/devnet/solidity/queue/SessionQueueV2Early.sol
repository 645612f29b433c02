// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Module} from "../Module.sol";
import {TaskQueue} from "./TaskQueue.sol";
import {Task, TaskDecoration, TaskPhase, TaskRecord, TaskStatus} from "./TaskStore.sol";

/// @notice SessionQueueV2 of generations old and mid, whose interfaces are the same. The getters of what were
///         public mappings there tell zero for what is not there.
contract SessionQueueV2Early is TaskQueue {
    constructor(address runtimeAddress, address oracleAddress) Module(runtimeAddress, oracleAddress) {}

    function enqueueTask(
        uint256 sessionId,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams
    ) external returns (uint256 taskId) {
        return _enqueue(sessionId, taskData, promptType, promptTemplate, llmParams);
    }

    function assignTask(uint256 sessionId, uint256 taskId, address[] calldata addrs) external onlyOracle {
        _assign(sessionId, taskId, addrs);
    }

    /// @notice Take the session's first waiting task off the queue: it ends without an answer. Who may do so on
    ///         the network, and what becomes of the task, is not public.
    function pop(uint256 sessionId) external onlyOracle {
        TaskRecord[] storage records = _records[sessionId];
        for (uint256 i = 0; i < records.length; i++) {
            if (records[i].progress.phase == TaskPhase.Queued) return _finish(records[i]);
        }
        revert("SessionQueueV2: the session has no queued task");
    }

    /// @notice The same for one waiting task.
    function popSpecificTask(uint256 sessionId, uint256 taskId) external onlyOracle {
        TaskRecord storage record = _existing(sessionId, taskId);
        require(record.progress.phase == TaskPhase.Queued, "SessionQueueV2: the task is not queued");
        _finish(record);
    }

    function sessionTaskCount(uint256 sessionId) external view returns (uint256) {
        return _records[sessionId].length;
    }

    /// @notice The task without its miners.
    function sessionTasks(
        uint256 session,
        uint256 number
    )
        external
        view
        returns (
            uint256 id,
            uint256 gid,
            uint256 sessionId,
            string memory data,
            bool ended,
            TaskStatus status,
            uint256 createdAt,
            uint256 lastPrecommitAt,
            uint256 lastCommitAt,
            uint256 finishedAt
        )
    {
        Task memory task;
        if (_exists(session, number)) task = _taskOf(_records[session][number]);
        return (
            task.id,
            task.gid,
            task.sessionId,
            task.data,
            task.ended,
            task.status,
            task.createdAt,
            task.lastPrecommitAt,
            task.lastCommitAt,
            task.finishedAt
        );
    }

    function sessionTaskDecorations(
        uint256 session,
        uint256 number
    )
        external
        view
        returns (
            uint256 id,
            uint256 sessionId,
            uint256 taskId,
            uint256 promptType,
            string memory promptTemplate,
            uint256 maxTokens,
            uint256 temperature,
            uint256 topP,
            uint256 topK,
            uint256 presencePenalty,
            uint256 frequencyPenalty
        )
    {
        TaskDecoration memory decoration;
        if (_exists(session, number)) decoration = _records[session][number].decoration;
        return (
            decoration.id,
            decoration.sessionId,
            decoration.taskId,
            decoration.promptType,
            decoration.promptTemplate,
            decoration.maxTokens,
            decoration.temperature,
            decoration.topP,
            decoration.topK,
            decoration.presencePenalty,
            decoration.frequencyPenalty
        );
    }

    /// @notice How many miners have precommitted and committed.
    function sessionTaskResults(
        uint256 session,
        uint256 number
    )
        external
        view
        returns (uint256 id, uint256 gid, uint256 sessionId, uint256 precommitCounter, uint256 commitCounter)
    {
        if (!_exists(session, number)) return (0, 0, 0, 0, 0);
        TaskRecord storage record = _records[session][number];
        return (number, record.decoration.id, session, record.progress.precommitted, record.progress.committed);
    }

    function _exists(uint256 session, uint256 number) private view returns (bool) {
        return number < _records[session].length;
    }
}
