// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskRecord, TaskResult, TaskState, TaskStore} from "./TaskStore.sol";

/// @notice What each miner has answered. Lists run in order of assignment, over every miner still assigned: an
///         entry is empty or zero until that miner's step was made.
abstract contract TaskResultViews is TaskStore {
    function getTaskResultState(uint256 sessionId, uint256 taskId, address addr) external view returns (TaskState) {
        return _existing(sessionId, taskId).results[addr].state;
    }

    function getTaskResultData(
        uint256 sessionId,
        uint256 taskId,
        address miner
    ) external view returns (string memory) {
        return _existing(sessionId, taskId).results[miner].data;
    }

    function getTaskResultPrecommitTimestamp(
        uint256 sessionId,
        uint256 taskId,
        address miner
    ) external view returns (uint256) {
        return _existing(sessionId, taskId).results[miner].precommittedAt;
    }

    function getTaskResultCommitTimestamp(
        uint256 sessionId,
        uint256 taskId,
        address miner
    ) external view returns (uint256) {
        return _existing(sessionId, taskId).results[miner].committedAt;
    }

    function getAllTaskResultAckedTimestamps(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory miners, uint256[] memory timestamps) {
        TaskRecord storage record = _existing(sessionId, taskId);
        miners = record.assignedMiners;
        timestamps = new uint256[](miners.length);
        for (uint256 i = 0; i < miners.length; i++) timestamps[i] = record.results[miners[i]].ackedAt;
    }

    function getAllTaskResultPrecommitTimestamps(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory miners, uint256[] memory timestamps) {
        TaskRecord storage record = _existing(sessionId, taskId);
        miners = record.assignedMiners;
        timestamps = new uint256[](miners.length);
        for (uint256 i = 0; i < miners.length; i++) timestamps[i] = record.results[miners[i]].precommittedAt;
    }

    function getAllTaskResultCommitTimestamps(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory miners, uint256[] memory timestamps) {
        TaskRecord storage record = _existing(sessionId, taskId);
        miners = record.assignedMiners;
        timestamps = new uint256[](miners.length);
        for (uint256 i = 0; i < miners.length; i++) timestamps[i] = record.results[miners[i]].committedAt;
    }

    function getTaskResults(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory miners, string[] memory data) {
        (miners, data, ) = _results(_existing(sessionId, taskId));
    }

    function getTaskResultHashes(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory miners, bytes32[] memory hashes) {
        (miners, , hashes) = _results(_existing(sessionId, taskId));
    }

    /// @notice The same for every task of a session, in order of task.
    function getAllTaskResults(
        uint256 sessionId
    ) external view returns (address[][] memory miners, string[][] memory data, bytes32[][] memory hashes) {
        TaskRecord[] storage records = _records[sessionId];
        miners = new address[][](records.length);
        data = new string[][](records.length);
        hashes = new bytes32[][](records.length);
        for (uint256 i = 0; i < records.length; i++) (miners[i], data[i], hashes[i]) = _results(records[i]);
    }

    function _results(
        TaskRecord storage record
    ) internal view returns (address[] memory miners, string[] memory data, bytes32[] memory hashes) {
        miners = record.assignedMiners;
        data = new string[](miners.length);
        hashes = new bytes32[](miners.length);
        for (uint256 i = 0; i < miners.length; i++) {
            TaskResult storage result = record.results[miners[i]];
            (data[i], hashes[i]) = (result.data, result.hash);
        }
    }
}
