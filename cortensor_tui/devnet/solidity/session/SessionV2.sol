// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISessionQueueV2} from "../Interfaces.sol";
import {Module} from "../Module.sol";
import {TermedSessions} from "./TermedSessions.sol";

/// @notice SessionV2 of the newest generation: tasks come with request parameters.
contract SessionV2 is TermedSessions {
    uint256 public constant MAX_RESERVE_PERIOD = LONGEST_RESERVE_PERIOD;
    uint256 public constant MAX_TASK_EXECUTION_COUNT = MOST_TASK_EXECUTIONS;

    uint256 private constant MAX_REQUEST_PARAMS = 32;

    constructor(address runtimeAddress, address oracleAddress) Module(runtimeAddress, oracleAddress) {}

    function submit(
        uint256 sessionId,
        uint256 nodeType,
        string calldata taskData,
        uint256 promptType,
        string calldata promptTemplate,
        uint256[] calldata llmParams,
        uint256[] calldata requestParams,
        string calldata clientReference
    ) external {
        _requireSubmittable(sessionId, nodeType, taskData, promptTemplate, llmParams, clientReference);
        require(requestParams.length <= MAX_REQUEST_PARAMS, "SessionV2: requestParams has too many entries");
        uint256 taskId = ISessionQueueV2(getSessionQueueAddress()).enqueueTask(
            sessionId, taskData, promptType, promptTemplate, llmParams, requestParams
        );
        emit TaskSubmitted(sessionId, taskId, taskData, clientReference);
    }

    function getDedicatedNodeExists(uint256 sessionId, address nodeAddress) external view returns (bool) {
        return sessionId < _sessions.length && _isBound(_sessions[sessionId], nodeAddress);
    }

    /// @return The router's position; reverts where it is not listed.
    function getRouterAddressToIndex(uint256 sessionId, address routerAddress) external view returns (uint256) {
        return _listedPositionOf(_existing(sessionId), routerAddress);
    }

    function getRouterInfoExists(uint256 sessionId, string calldata routerInfo) external view returns (bool) {
        string[] storage metadatas = _existing(sessionId).routerMetadatas;
        bytes32 wanted = keccak256(bytes(routerInfo));
        for (uint256 i = 0; i < metadatas.length; i++) {
            if (keccak256(bytes(metadatas[i])) == wanted) return true;
        }
        return false;
    }

    function getSessionDataAddress() external pure returns (address) {
        return address(0);
    }

    function useSessionPayment() external pure returns (bool) {
        return false;
    }

    function useSwitchModel() external pure returns (bool) {
        return false;
    }

    function useDedicatedNodeSwitchModel() external pure returns (bool) {
        return false;
    }
}
