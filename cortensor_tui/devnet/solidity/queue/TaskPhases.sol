// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskPhase, TaskRecord, TaskState, TaskStore} from "./TaskStore.sol";

/// @notice How a task moves from one phase to the next, by its miners' last step or by the oracle's word.
abstract contract TaskPhases is TaskStore {
    event TaskAllPrecommitted(uint256 sessionId, uint256 taskId, address[] miners);
    event TaskPrecommitEnded(uint256 sessionId, uint256 taskId);
    event TaskAllCommitted(uint256 sessionId, uint256 taskId, address[] miners);
    event TaskCommitEnded(uint256 sessionId, uint256 taskId);
    event TaskEnded(uint256 sessionId, uint256 taskId, address[] miners);

    function _openAcks(TaskRecord storage record) internal {
        _enter(record, TaskPhase.AwaitingAcks);
    }

    /// @dev Whoever has acked may have precommitted meanwhile; then nothing is left to wait for.
    function _closeAcks(TaskRecord storage record) internal {
        _enter(record, TaskPhase.AwaitingPrecommits);
        if (record.progress.precommitted == record.progress.acked) _closePrecommits(record, true);
    }

    function _closePrecommits(TaskRecord storage record, bool emitAllPrecommitted) internal {
        _enter(record, TaskPhase.AwaitingCommits);
        (uint256 sessionId, uint256 taskId) = (record.decoration.sessionId, record.decoration.taskId);
        if (emitAllPrecommitted) {
            emit TaskAllPrecommitted(sessionId, taskId, _minersAt(record, TaskState.Precommitted));
        } else {
            emit TaskPrecommitEnded(sessionId, taskId);
        }
    }

    function _closeCommits(TaskRecord storage record, bool emitAllCommitted) internal {
        _enter(record, TaskPhase.Answered);
        (uint256 sessionId, uint256 taskId) = (record.decoration.sessionId, record.decoration.taskId);
        if (emitAllCommitted) {
            emit TaskAllCommitted(sessionId, taskId, _minersAt(record, TaskState.Committed));
        } else {
            emit TaskCommitEnded(sessionId, taskId);
        }
    }

    function _finish(TaskRecord storage record) internal {
        _enter(record, TaskPhase.Ended);
        (uint256 sessionId, uint256 taskId) = (record.decoration.sessionId, record.decoration.taskId);
        emit TaskEnded(sessionId, taskId, _minersAt(record, TaskState.Committed));
    }

    /// @dev The miners that have come at least as far as `state`, in order of assignment.
    function _minersAt(TaskRecord storage record, TaskState state) internal view returns (address[] memory miners) {
        address[] memory assigned = record.assignedMiners;
        miners = new address[](assigned.length);
        uint256 count = 0;
        for (uint256 i = 0; i < assigned.length; i++) {
            if (record.results[assigned[i]].state >= state) miners[count++] = assigned[i];
        }
        assembly ("memory-safe") {
            mstore(miners, count)
        }
    }

    function _enter(TaskRecord storage record, TaskPhase phase) private {
        record.progress.phase = phase;
        record.progress.phaseBeganAt = uint40(block.timestamp);
    }
}
