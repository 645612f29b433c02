// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the queue asks of the sessions.
interface ISessionV2 {
    function getDedicatedNodeExists(uint256 sessionId, address nodeAddress) external view returns (bool);

    function onTaskAssigned(uint256 sessionId, uint256 taskId, address[] calldata miners) external;
}

/// @notice What the sessions ask of the queue.
interface ISessionQueueV2 {
    function enqueueTask(
        uint256 sessionId,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        uint256[] calldata requestParams
    ) external returns (uint256 taskId);

    function getTaskResults(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory, string[] memory);
}
