// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskAnswers} from "./TaskAnswers.sol";
import {TaskDecorationViews} from "./TaskDecorationViews.sol";
import {TaskOversight} from "./TaskOversight.sol";
import {TaskResultViews} from "./TaskResultViews.sol";
import {TaskDecoration, TaskRecord} from "./TaskStore.sol";
import {TaskViews} from "./TaskViews.sol";

/// @notice The queue of every session's tasks, alike in every generation: enqueued by SessionV2, overseen by the
///         oracle, answered by miners.
abstract contract TaskQueue is TaskAnswers, TaskOversight, TaskViews, TaskDecorationViews, TaskResultViews {
    uint8 public constant version = 2;
    uint8 public constant subversion = 0;

    uint256 private _globalTaskCount;

    event TaskQueued(uint256 sessionId, uint256 taskId, uint256 globalId, string taskData);

    /// @notice Whether an address is the contract through which tasks come in.
    function isPrimaryModule(address addr) public view returns (bool) {
        return addr != address(0) && addr == _module("SessionV2");
    }

    function getNodeReputationAddress() external pure returns (address) {
        return address(0);
    }

    function getNodeStatsAddress() external pure returns (address) {
        return address(0);
    }

    function getSessionQueueValidationAddress() external pure returns (address) {
        return address(0);
    }

    function getSessionReputationAddress() external pure returns (address) {
        return address(0);
    }

    function getUseSessionStats() external pure returns (bool) {
        return false;
    }

    function useSessionStats() external pure returns (bool) {
        return false;
    }

    /// @param llmParams maxTokens, temperature, topP, topK, repeatPenalty, presencePenalty, frequencyPenalty; the
    ///        scaled ones times 100; the repeat penalty is not kept, as on the network
    function _enqueue(
        uint256 sessionId,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams
    ) internal returns (uint256 taskId) {
        require(isPrimaryModule(msg.sender), "SessionQueueV2: only SessionV2 may enqueue a task");
        taskId = _records[sessionId].length;
        uint256 globalId = _globalTaskCount++;
        TaskRecord storage record = _records[sessionId].push();
        record.data = taskData;
        record.progress.createdAt = uint40(block.timestamp);
        record.progress.phaseBeganAt = uint40(block.timestamp);
        record.decoration = TaskDecoration({
            id: globalId,
            sessionId: sessionId,
            taskId: taskId,
            promptType: promptType,
            promptTemplate: promptTemplate,
            maxTokens: llmParams[0],
            temperature: llmParams[1],
            topP: llmParams[2],
            topK: llmParams[3],
            presencePenalty: llmParams[5],
            frequencyPenalty: llmParams[6]
        });
        emit TaskQueued(sessionId, taskId, globalId, taskData);
    }
}
