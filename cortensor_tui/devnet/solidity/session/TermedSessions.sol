// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sessions} from "./Sessions.sol";
import {Session} from "./SessionStore.sol";

/// @notice What generations mid and new share: sessions with terms (sla, model, reserve period, executions).
abstract contract TermedSessions is Sessions {
    /// @dev A node added by hand, as opposed to one drawn from a pool; the network's numbers are not public.
    uint256 private constant ASSIGNED_BY_OWNER = 1;
    uint256 private constant MAX_SLA = 2;
    uint256 internal constant LONGEST_RESERVE_PERIOD = 7 days;
    uint256 internal constant MOST_TASK_EXECUTIONS = 1000;

    event NewNodeAssignedToSession(
        uint256 indexed sessionId,
        address[] nodeAddresses,
        uint256 newNodeCount,
        uint256 assignmentType
    );

    function create(
        string calldata name,
        string calldata metadata,
        address variableAddress,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant,
        uint256 numOfValidatorNodes,
        uint256 mode,
        bool reserveEphemeralNodes,
        uint256 sla,
        uint256 modelIdentifier,
        uint256 reservePeriod,
        uint256 maxTaskExecutionCount
    ) external {
        (variableAddress, reserveEphemeralNodes);
        require(sla <= MAX_SLA, "SessionV2: the sla must be 0, 1 or 2");
        require(reservePeriod <= LONGEST_RESERVE_PERIOD, "SessionV2: the reserve period is too long");
        require(maxTaskExecutionCount <= MOST_TASK_EXECUTIONS, "SessionV2: the task execution count is too large");
        Session storage session = _open(name, metadata);
        _shape(session, minNumOfNodes, maxNumOfNodes, redundant, numOfValidatorNodes, mode);
        session.sla = sla;
        session.modelIdentifier = modelIdentifier;
        session.reservePeriod = reservePeriod;
        session.maxTaskExecutionCount = maxTaskExecutionCount;
    }

    function getSession(uint256 sessionId) external view returns (Session memory) {
        return _read(sessionId);
    }

    function getActiveSessionsByAddress(address userAddr) external view returns (Session[] memory) {
        return _readAll(_activeIdsOf(userAddr));
    }

    function getSessionsByAddressByPage(
        address userAddr,
        uint256 offset,
        uint256 amount
    ) external view returns (Session[] memory) {
        return _readAll(_pageOfIds(userAddr, offset, amount));
    }

    function getSessionPaymentAddress() external pure returns (address) {
        return address(0);
    }

    function _readAll(uint256[] memory ids) internal view returns (Session[] memory found) {
        found = new Session[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) found[i] = _read(ids[i]);
    }

    function _afterBinding(uint256 sessionId, address nodeAddress) internal virtual override {
        address[] memory nodes = new address[](1);
        nodes[0] = nodeAddress;
        emit NewNodeAssignedToSession(sessionId, nodes, 1, ASSIGNED_BY_OWNER);
    }
}
