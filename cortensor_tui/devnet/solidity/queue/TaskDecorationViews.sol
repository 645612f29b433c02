// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskDecoration, TaskStore} from "./TaskStore.sol";

/// @notice How the submitter wants the prompt treated, whole and field by field.
abstract contract TaskDecorationViews is TaskStore {
    function getTaskDecoration(uint256 sessionId, uint256 taskId) external view returns (TaskDecoration memory) {
        return _existing(sessionId, taskId).decoration;
    }

    function getTaskDecorationPromptType(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.promptType;
    }

    function getTaskDecorationPromptTemplate(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (string memory) {
        return _existing(sessionId, taskId).decoration.promptTemplate;
    }

    function getTaskDecorationMaxTokens(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.maxTokens;
    }

    function getTaskDecorationTemperature(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.temperature;
    }

    function getTaskDecorationTopP(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.topP;
    }

    function getTaskDecorationTopK(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.topK;
    }

    function getTaskDecorationPresencePenalty(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.presencePenalty;
    }

    function getTaskDecorationFrequencyPenalty(uint256 sessionId, uint256 taskId) external view returns (uint256) {
        return _existing(sessionId, taskId).decoration.frequencyPenalty;
    }
}
