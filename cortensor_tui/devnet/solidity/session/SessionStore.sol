// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Module} from "../Module.sol";

enum SessionState {
    None,
    Active,
    Inactive
}

/// @dev Field order and names are the network's. `updatedAt` is filled in when read, see LastChange.
struct Session {
    uint256 id;
    bytes32 sid;
    string name;
    string metadata;
    SessionState state;
    uint256 createdAt;
    uint256 updatedAt;
    address owner;
    address[] ephemeralNodes;
    address[] dedicatedNodes;
    uint256 mode;
    uint256 redundant;
    uint256 minNumOfNodes;
    uint256 maxNumOfNodes;
    uint256 numOfValidatorNodes;
    string[] routerMetadatas;
    address[] routerAddresses;
    uint256 sla;
    uint256 modelIdentifier;
    uint256 reservePeriod;
    uint256 maxTaskExecutionCount;
}

/// @dev A wallet estimates gas on the last block, whose time may be the stored one, and a write that changes
///      nothing is cheaper. The count makes every write a change, so that an estimate without margin holds.
struct LastChange {
    uint64 changedAt;
    uint64 count;
}

/// @notice Where sessions are kept, and who may touch them. Ids count from 0 in order of creation.
abstract contract SessionStore is Module {
    uint256 internal constant MODE_EPHEMERAL = 0;
    uint256 internal constant MODE_DEDICATED = 2;

    Session[] internal _sessions;
    mapping(address sessionOwner => uint256[] sessionIds) internal _sessionIdsOf;
    mapping(uint256 sessionId => LastChange) private _lastChangeOf;

    function _existing(uint256 sessionId) internal view returns (Session storage) {
        require(sessionId < _sessions.length, "SessionV2: there is no such session");
        return _sessions[sessionId];
    }

    function _ownedBySender(uint256 sessionId) internal view returns (Session storage session) {
        session = _existing(sessionId);
        require(msg.sender == session.owner, "SessionV2: only the session's owner may do this");
    }

    function _activeOwnedBySender(uint256 sessionId) internal view returns (Session storage session) {
        session = _ownedBySender(sessionId);
        require(session.state == SessionState.Active, "SessionV2: the session is not active");
    }

    function _touch(Session storage session) internal {
        LastChange storage last = _lastChangeOf[session.id];
        last.changedAt = uint64(block.timestamp);
        last.count++;
    }

    /// @return session the whole session, as the network's struct
    function _read(uint256 sessionId) internal view returns (Session memory session) {
        session = _existing(sessionId);
        session.updatedAt = _lastChangeOf[sessionId].changedAt;
    }

    /// @return session as `_read` tells it, all zero where there is none
    function _readOrNothing(uint256 sessionId) internal view returns (Session memory session) {
        if (sessionId < _sessions.length) session = _read(sessionId);
    }

    /// @dev Keeps the order, so that the last id stays the latest session.
    function _forget(address sessionOwner, uint256 sessionId) internal {
        uint256[] storage ids = _sessionIdsOf[sessionOwner];
        bool found = false;
        for (uint256 i = 0; i < ids.length; i++) {
            if (found) ids[i - 1] = ids[i];
            else found = ids[i] == sessionId;
        }
        if (found) ids.pop();
    }
}
