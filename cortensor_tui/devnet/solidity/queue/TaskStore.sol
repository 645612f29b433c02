// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Module} from "../Module.sol";

/// @dev The network's public status of a task, as its clients number it.
enum TaskStatus {
    Queued,
    Assigned,
    Precommitted,
    Committed,
    Completed
}

/// @dev How far one miner has come with a task.
enum TaskState {
    None,
    Assigned,
    Acked,
    Precommitted,
    Committed
}

/// @dev What a task waits for. Finer than its status, which cannot tell open acks from closed ones.
enum TaskPhase {
    Queued,
    AwaitingAcks,
    AwaitingPrecommits,
    AwaitingCommits,
    Answered,
    Ended
}

/// @dev Field order and names are the network's.
struct Task {
    uint256 id;
    uint256 gid;
    uint256 sessionId;
    string data;
    address[] assignedMiners;
    bool ended;
    TaskStatus status;
    uint256 createdAt;
    uint256 lastPrecommitAt;
    uint256 lastCommitAt;
    uint256 finishedAt;
}

/// @dev Field order and names are the network's; `id` is the task's global id.
struct TaskDecoration {
    uint256 id;
    uint256 sessionId;
    uint256 taskId;
    uint256 promptType;
    string promptTemplate;
    uint256 maxTokens;
    uint256 temperature;
    uint256 topP;
    uint256 topK;
    uint256 presencePenalty;
    uint256 frequencyPenalty;
}

/// @dev What the oracle decides by: small, where a task's data may be large. One slot that every step changes:
///      a wallet estimates gas on the last block, whose time may be the stored one, and a write that changes
///      nothing is cheaper, so a slot of its own for a time makes estimates without margin fail.
struct TaskProgress {
    TaskPhase phase;
    uint40 phaseBeganAt;
    uint16 assigned;
    uint16 acked;
    uint16 precommitted;
    uint16 committed;
    uint40 createdAt;
    uint40 lastPrecommitAt;
    uint40 lastCommitAt;
}

/// @dev State and times share a slot, for the same reason.
struct TaskResult {
    TaskState state;
    bool dropped;
    uint40 ackedAt;
    uint40 precommittedAt;
    uint40 committedAt;
    bytes32 hash;
    string data;
}

struct TaskRecord {
    TaskProgress progress;
    string data;
    address[] assignedMiners;
    TaskDecoration decoration;
    mapping(address miner => TaskResult) results;
}

/// @notice Where tasks are kept. Task ids count from 0 in each session.
abstract contract TaskStore is Module {
    mapping(uint256 sessionId => TaskRecord[]) internal _records;

    function _existing(uint256 sessionId, uint256 taskId) internal view returns (TaskRecord storage) {
        require(taskId < _records[sessionId].length, "SessionQueueV2: there is no such task");
        return _records[sessionId][taskId];
    }
}
