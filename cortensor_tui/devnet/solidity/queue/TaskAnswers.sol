// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskPhases} from "./TaskPhases.sol";
import {TaskPhase, TaskRecord, TaskResult, TaskState} from "./TaskStore.sol";

/// @notice The three steps of an assigned miner: ack, precommit a hash, commit what hashes to it. Each once.
abstract contract TaskAnswers is TaskPhases {
    uint256 private constant MAX_ANSWER_BYTES = 95_000;
    uint256 private constant MAX_PRECOMMIT_DATA_BYTES = 1024;

    event TaskAcked(uint256 sessionId, uint256 taskId, address miner);
    event TaskPrecommitted(uint256 sessionId, uint256 taskId, address miner);
    event TaskCommitted(uint256 sessionId, uint256 taskId, address miner);

    function ack(uint256 sessionId, uint256 taskId) external {
        (TaskRecord storage record, TaskResult storage result) = _openForSender(sessionId, taskId);
        require(result.state == TaskState.Assigned, "SessionQueueV2: the miner has already acked");
        result.state = TaskState.Acked;
        result.ackedAt = uint40(block.timestamp);
        record.progress.acked++;
        emit TaskAcked(sessionId, taskId, msg.sender);
        if (record.progress.acked == record.progress.assigned) _closeAcks(record);
    }

    /// @param data a note beside the hash; what the network's miners put there is not public, so it is not kept
    function precommit(uint256 sessionId, uint256 taskId, bytes32 hash, string calldata data) external {
        (TaskRecord storage record, TaskResult storage result) = _openForSender(sessionId, taskId);
        require(result.state != TaskState.Assigned, "SessionQueueV2: the miner must ack first");
        require(result.state == TaskState.Acked, "SessionQueueV2: the miner has already precommitted");
        require(
            record.progress.phase < TaskPhase.AwaitingCommits,
            "SessionQueueV2: the time for precommits is over"
        );
        require(hash != bytes32(0), "SessionQueueV2: the hash is zero");
        require(bytes(data).length <= MAX_PRECOMMIT_DATA_BYTES, "SessionQueueV2: the precommit's data is too long");
        result.state = TaskState.Precommitted;
        result.precommittedAt = uint40(block.timestamp);
        result.hash = hash;
        record.progress.lastPrecommitAt = uint40(block.timestamp);
        record.progress.precommitted++;
        emit TaskPrecommitted(sessionId, taskId, msg.sender);
        bool waitsForAcks = record.progress.phase == TaskPhase.AwaitingAcks;
        if (!waitsForAcks && record.progress.precommitted == record.progress.acked) _closePrecommits(record, true);
    }

    function commit(uint256 sessionId, uint256 taskId, string calldata data) external {
        (TaskRecord storage record, TaskResult storage result) = _openForSender(sessionId, taskId);
        require(result.state >= TaskState.Precommitted, "SessionQueueV2: the miner must precommit first");
        require(result.state == TaskState.Precommitted, "SessionQueueV2: the miner has already committed");
        require(
            record.progress.phase >= TaskPhase.AwaitingCommits,
            "SessionQueueV2: commits open once every miner has precommitted"
        );
        require(
            record.progress.phase == TaskPhase.AwaitingCommits,
            "SessionQueueV2: the time for commits is over"
        );
        require(bytes(data).length <= MAX_ANSWER_BYTES, "SessionQueueV2: the answer is longer than 95000 bytes");
        require(verifyHash(data, result.hash), "SessionQueueV2: the answer does not hash to what was precommitted");
        result.state = TaskState.Committed;
        result.committedAt = uint40(block.timestamp);
        result.data = data;
        record.progress.lastCommitAt = uint40(block.timestamp);
        record.progress.committed++;
        emit TaskCommitted(sessionId, taskId, msg.sender);
        if (record.progress.committed == record.progress.precommitted) _closeCommits(record, true);
    }

    /// @return keccak256 of the text's UTF-8 bytes
    function getHash(string calldata str) public pure returns (bytes32) {
        return keccak256(bytes(str));
    }

    function verifyHash(string calldata str, bytes32 expectedHash) public pure returns (bool) {
        return getHash(str) == expectedHash;
    }

    function _openForSender(
        uint256 sessionId,
        uint256 taskId
    ) private view returns (TaskRecord storage record, TaskResult storage result) {
        record = _existing(sessionId, taskId);
        result = record.results[msg.sender];
        require(record.progress.phase != TaskPhase.Ended, "SessionQueueV2: the task has ended");
        require(!result.dropped, "SessionQueueV2: the time for acks is over");
        require(result.state != TaskState.None, "SessionQueueV2: only an assigned miner may answer the task");
    }
}
