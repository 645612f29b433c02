// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Module} from "../Module.sol";
import {DedicatedNodes} from "./DedicatedNodes.sol";
import {EarlySessions} from "./EarlySessions.sol";
import {Sessions} from "./Sessions.sol";
import {Session, SessionState} from "./SessionStore.sol";
import {TermedSessions} from "./TermedSessions.sol";

/// @notice SessionV2 of generation mid: sessions have terms, tasks come without request parameters.
contract SessionV2Mid is EarlySessions, TermedSessions {
    constructor(address runtimeAddress, address oracleAddress) Module(runtimeAddress, oracleAddress) {}

    function getSessionsByAddress(address userAddr) external view returns (Session[] memory) {
        return _readAll(_sessionIdsOf[userAddr]);
    }

    /// @notice The session without its lists, all zero where there is none.
    function sessions(
        uint256 sessionId
    )
        external
        view
        returns (
            uint256 id,
            bytes32 sid,
            string memory name,
            string memory metadata,
            SessionState state,
            uint256 createdAt,
            uint256 updatedAt,
            address sessionOwner,
            uint256 mode,
            uint256 redundant,
            uint256 minNumOfNodes,
            uint256 maxNumOfNodes,
            uint256 numOfValidatorNodes,
            uint256 sla,
            uint256 modelIdentifier,
            uint256 reservePeriod,
            uint256 maxTaskExecutionCount
        )
    {
        Session memory session = _readOrNothing(sessionId);
        return (
            session.id,
            session.sid,
            session.name,
            session.metadata,
            session.state,
            session.createdAt,
            session.updatedAt,
            session.owner,
            session.mode,
            session.redundant,
            session.minNumOfNodes,
            session.maxNumOfNodes,
            session.numOfValidatorNodes,
            session.sla,
            session.modelIdentifier,
            session.reservePeriod,
            session.maxTaskExecutionCount
        );
    }

    function _afterBinding(
        uint256 sessionId,
        address nodeAddress
    ) internal override(DedicatedNodes, TermedSessions) {
        super._afterBinding(sessionId, nodeAddress);
    }

    function _afterAssignment(uint256 sessionId, address miner) internal override(Sessions, EarlySessions) {
        super._afterAssignment(sessionId, miner);
    }
}
