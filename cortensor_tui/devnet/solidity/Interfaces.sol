// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the queue asks of the sessions, in every generation.
interface ISessions {
    /// @notice Hear of an assignment; reverts where a miner is not bound to the session.
    function onTaskAssigned(uint256 sessionId, uint256 taskId, address[] calldata miners) external;
}

/// @notice What the sessions ask of the queue, in every generation.
interface ITaskQueue {
    function getTaskResults(
        uint256 sessionId,
        uint256 taskId
    ) external view returns (address[] memory, string[] memory);
}

/// @notice What only the newest queue takes.
interface ISessionQueueV2 is ITaskQueue {
    function enqueueTask(
        uint256 sessionId,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        uint256[] calldata requestParams
    ) external returns (uint256 taskId);
}

/// @notice What only the queue of the two earlier generations takes and tells.
interface ISessionQueueV2Early is ITaskQueue {
    function enqueueTask(
        uint256 sessionId,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams
    ) external returns (uint256 taskId);

    function getTaskCountBySessionId(uint256 sessionId) external view returns (uint256);

    function sessionTasks(
        uint256 session,
        uint256 number
    )
        external
        view
        returns (
            uint256 id,
            uint256 gid,
            uint256 sessionId,
            string memory data,
            bool ended,
            uint8 status,
            uint256 createdAt,
            uint256 lastPrecommitAt,
            uint256 lastCommitAt,
            uint256 finishedAt
        );
}
