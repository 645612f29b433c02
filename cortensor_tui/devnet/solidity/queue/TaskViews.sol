// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Task, TaskPhase, TaskProgress, TaskRecord, TaskState, TaskStatus, TaskStore} from "./TaskStore.sol";

/// @notice Tasks as clients and miners read them in every generation.
abstract contract TaskViews is TaskStore {
    function getTasksBySessionId(uint256 sessionId) external view returns (Task[] memory tasks) {
        TaskRecord[] storage records = _records[sessionId];
        tasks = new Task[](records.length);
        for (uint256 i = 0; i < tasks.length; i++) tasks[i] = _taskOf(records[i]);
    }

    function getTaskCountBySessionId(uint256 sessionId) external view returns (uint256) {
        return _records[sessionId].length;
    }

    function getTaskCountBySessionIds(uint256[] calldata sessionIds) external view returns (uint256[] memory counts) {
        counts = new uint256[](sessionIds.length);
        for (uint256 i = 0; i < counts.length; i++) counts[i] = _records[sessionIds[i]].length;
    }

    function getTaskStatus(uint256 sessionId, uint256 taskId) external view returns (TaskStatus) {
        return _statusOf(_existing(sessionId, taskId).progress.phase);
    }

    /// @notice What the task waits for and who has done what. Ours, for the oracle.
    function getTaskProgress(uint256 sessionId, uint256 taskId) external view returns (TaskProgress memory) {
        return _existing(sessionId, taskId).progress;
    }

    function getTaskData(uint256 sessionId, uint256 taskId) external view returns (string memory) {
        return _existing(sessionId, taskId).data;
    }

    function getLatestTask(uint256 sessionId) external view returns (string memory) {
        uint256 count = _records[sessionId].length;
        require(count > 0, "SessionQueueV2: the session has no task");
        return _records[sessionId][count - 1].data;
    }

    /// @notice Whether the sender of the call has acked the task.
    function isAcked(uint256 sessionId, uint256 taskId) public view returns (bool) {
        return _existing(sessionId, taskId).results[msg.sender].state >= TaskState.Acked;
    }

    function _taskOf(TaskRecord storage record) internal view returns (Task memory) {
        TaskProgress memory progress = record.progress;
        bool ended = progress.phase == TaskPhase.Ended;
        return
            Task({
                id: record.decoration.taskId,
                gid: record.decoration.id,
                sessionId: record.decoration.sessionId,
                data: record.data,
                assignedMiners: record.assignedMiners,
                ended: ended,
                status: _statusOf(progress.phase),
                createdAt: progress.createdAt,
                lastPrecommitAt: progress.lastPrecommitAt,
                lastCommitAt: progress.lastCommitAt,
                finishedAt: ended ? progress.phaseBeganAt : 0
            });
    }

    function _statusOf(TaskPhase phase) private pure returns (TaskStatus) {
        if (phase == TaskPhase.Queued) return TaskStatus.Queued;
        if (phase < TaskPhase.AwaitingCommits) return TaskStatus.Assigned;
        if (phase == TaskPhase.AwaitingCommits) return TaskStatus.Precommitted;
        return phase == TaskPhase.Answered ? TaskStatus.Committed : TaskStatus.Completed;
    }
}
