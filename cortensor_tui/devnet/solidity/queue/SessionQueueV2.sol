// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Module} from "../Module.sol";
import {TaskQueue} from "./TaskQueue.sol";
import {Task} from "./TaskStore.sol";

/// @notice SessionQueueV2 of the newest generation: whole tasks and answers with their hashes in one call.
contract SessionQueueV2 is TaskQueue {
    constructor(address runtimeAddress, address oracleAddress) Module(runtimeAddress, oracleAddress) {}

    /// @param requestParams for routers; not kept, since no getter tells them
    function enqueueTask(
        uint256 sessionId,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        uint256[] calldata requestParams
    ) external returns (uint256 taskId) {
        (requestParams);
        return _enqueue(sessionId, taskData, promptType, promptTemplate, llmParams);
    }

    /// @param modelIdentifier the model asked for; without model switching, as here, nothing depends on it
    function assignTask(
        uint256 sessionId,
        uint256 taskId,
        address[] calldata addrs,
        uint256 modelIdentifier
    ) external onlyOracle {
        (modelIdentifier);
        _assign(sessionId, taskId, addrs);
    }

    function getTask(uint256 sessionId, uint256 taskId) external view returns (Task memory) {
        return _taskOf(_existing(sessionId, taskId));
    }

    /// @notice The task's data for a miner that has acked it; depends on the sender of the call.
    function getTaskDataWithAcked(uint256 sessionId, uint256 taskId) external view returns (string memory) {
        require(isAcked(sessionId, taskId), "SessionQueueV2: only a miner that has acked may read the task here");
        return _records[sessionId][taskId].data;
    }

    function getTaskResultDataHash(uint256 sessionId, uint256 taskId, address miner) external view returns (bytes32) {
        return _existing(sessionId, taskId).results[miner].hash;
    }

    function getTaskResultsAndHashes(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory miners, string[] memory data, bytes32[] memory hashes) {
        return _results(_existing(sessionId, taskId));
    }

    function getSessionPaymentAddress() external pure returns (address) {
        return address(0);
    }

    function getSessionQueueDataAddress() external pure returns (address) {
        return address(0);
    }

    function usePaymentFlow() external pure returns (bool) {
        return false;
    }

    function useSessionPayment() external pure returns (bool) {
        return false;
    }

    function useSwitchModel() external pure returns (bool) {
        return false;
    }
}
