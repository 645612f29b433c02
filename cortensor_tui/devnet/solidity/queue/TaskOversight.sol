// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISessions} from "../Interfaces.sol";
import {TaskPhases} from "./TaskPhases.sol";
import {TaskPhase, TaskProgress, TaskRecord, TaskResult, TaskState} from "./TaskStore.sol";

/// @notice The oracle's side: it assigns tasks, stops waiting for those who are late, and ends tasks.
abstract contract TaskOversight is TaskPhases {
    uint256 private constant MAX_MINERS = 32;

    event TaskAssigned(uint256 sessionId, uint256 taskId, address[] miners);

    modifier onlyOracle() {
        require(msg.sender == _oracle, "SessionQueueV2: only the oracle may do this");
        _;
    }

    /// @notice Go on without the miners that have not acked: they are no longer assigned.
    function endAck(uint256 sessionId, uint256 taskId) external onlyOracle {
        TaskRecord storage record = _existing(sessionId, taskId);
        require(record.progress.phase == TaskPhase.AwaitingAcks, "SessionQueueV2: the task is not waiting for acks");
        require(record.progress.acked > 0, "SessionQueueV2: no miner has acked, so the task can only be ended");
        _dropUnacked(record);
        _closeAcks(record);
    }

    /// @notice Go on without the miners that have not precommitted.
    /// @param emitAllPrecommitted tell of it as TaskAllPrecommitted, with those who did, not TaskPrecommitEnded
    function endPrecommit(uint256 sessionId, uint256 taskId, bool emitAllPrecommitted) external onlyOracle {
        TaskRecord storage record = _existing(sessionId, taskId);
        TaskProgress storage progress = record.progress;
        require(
            progress.phase == TaskPhase.AwaitingAcks || progress.phase == TaskPhase.AwaitingPrecommits,
            "SessionQueueV2: the task is not waiting for precommits"
        );
        require(progress.precommitted > 0, "SessionQueueV2: no miner has precommitted, so the task can only be ended");
        if (progress.phase == TaskPhase.AwaitingAcks) _dropUnacked(record);
        _closePrecommits(record, emitAllPrecommitted);
    }

    /// @notice Stop waiting for commits.
    /// @return Whether any miner has committed. What the network's answer means is not public.
    function endCommit(uint256 sessionId, uint256 taskId, bool emitAllCommitted) external onlyOracle returns (bool) {
        TaskRecord storage record = _existing(sessionId, taskId);
        require(
            record.progress.phase == TaskPhase.AwaitingCommits,
            "SessionQueueV2: the task is not waiting for commits"
        );
        _closeCommits(record, emitAllCommitted);
        return record.progress.committed > 0;
    }

    function end(uint256 sessionId, uint256 taskId, bool forceEnd) external onlyOracle {
        _end(sessionId, taskId, forceEnd);
    }

    /// @notice The same as `end`: how the two differ on the network is not public.
    function end2(uint256 sessionId, uint256 taskId, bool forceEnd) external onlyOracle {
        _end(sessionId, taskId, forceEnd);
    }

    function _assign(uint256 sessionId, uint256 taskId, address[] calldata addrs) internal {
        TaskRecord storage record = _existing(sessionId, taskId);
        require(record.progress.phase == TaskPhase.Queued, "SessionQueueV2: the task is not queued");
        require(addrs.length > 0, "SessionQueueV2: a task needs at least one miner");
        require(addrs.length <= MAX_MINERS, "SessionQueueV2: a task takes at most 32 miners");
        for (uint256 i = 0; i < addrs.length; i++) {
            TaskResult storage result = record.results[addrs[i]];
            require(result.state == TaskState.None, "SessionQueueV2: a miner is named twice");
            result.state = TaskState.Assigned;
        }
        record.assignedMiners = addrs;
        record.progress.assigned = uint16(addrs.length);
        _openAcks(record);
        emit TaskAssigned(sessionId, taskId, addrs);
        ISessions(_module("SessionV2")).onTaskAssigned(sessionId, taskId, addrs);
    }

    function _end(uint256 sessionId, uint256 taskId, bool forceEnd) private {
        TaskRecord storage record = _existing(sessionId, taskId);
        require(record.progress.phase != TaskPhase.Ended, "SessionQueueV2: the task has ended");
        require(
            forceEnd || record.progress.phase == TaskPhase.Answered,
            "SessionQueueV2: commits are still open, so the task can only be ended by force"
        );
        _finish(record);
    }

    function _dropUnacked(TaskRecord storage record) private {
        address[] memory assigned = record.assignedMiners;
        for (uint256 i = 0; i < assigned.length; i++) {
            TaskResult storage result = record.results[assigned[i]];
            if (result.state == TaskState.Assigned) (result.state, result.dropped) = (TaskState.None, true);
        }
        record.assignedMiners = _minersAt(record, TaskState.Acked);
        record.progress.assigned = record.progress.acked;
    }
}
