// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Session, SessionState, SessionStore} from "./SessionStore.sol";

/// @notice Sessions as clients read them, one by one and by owner.
abstract contract SessionViews is SessionStore {
    function doesSessionExist(uint256 sessionId) external view returns (bool) {
        return sessionId < _sessions.length;
    }

    function getSession(uint256 sessionId) external view returns (Session memory) {
        return _read(sessionId);
    }

    function getSessionCount() external view returns (uint256) {
        return _sessions.length;
    }

    function getSessionCountByAddress(address userAddr) external view returns (uint256) {
        return _sessionIdsOf[userAddr].length;
    }

    function getSessionIds(address userAddr) external view returns (uint256[] memory) {
        return _sessionIdsOf[userAddr];
    }

    function getSessionsIdsByAddress(address userAddr) external view returns (uint256[] memory) {
        return _sessionIdsOf[userAddr];
    }

    function getUserSessions(address user) external view returns (uint256[] memory) {
        return _sessionIdsOf[user];
    }

    function getLatestSessionId(address userAddr) external view returns (uint256) {
        uint256[] storage ids = _sessionIdsOf[userAddr];
        require(ids.length > 0, "SessionV2: the address owns no session");
        return ids[ids.length - 1];
    }

    function getActiveSessionsByAddress(address userAddr) external view returns (Session[] memory sessions) {
        uint256[] storage ids = _sessionIdsOf[userAddr];
        uint256 count = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (_sessions[ids[i]].state == SessionState.Active) count++;
        }
        sessions = new Session[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (_sessions[ids[i]].state == SessionState.Active) sessions[next++] = _read(ids[i]);
        }
    }

    /// @param offset how many of the owner's sessions to leave out, oldest first
    function getSessionsByAddressByPage(
        address userAddr,
        uint256 offset,
        uint256 amount
    ) external view returns (Session[] memory sessions) {
        uint256[] storage ids = _sessionIdsOf[userAddr];
        uint256 left = offset < ids.length ? ids.length - offset : 0;
        sessions = new Session[](amount < left ? amount : left);
        for (uint256 i = 0; i < sessions.length; i++) sessions[i] = _read(ids[offset + i]);
    }

    /// @notice Ids, names, metadata and times of creation. What the network's fourth list holds is not public.
    function getSessionIdAndNameAndMetadataByAddress(
        address userAddr
    ) external view returns (uint256[] memory, string[] memory, string[] memory, uint256[] memory) {
        uint256[] memory ids = _sessionIdsOf[userAddr];
        string[] memory names = new string[](ids.length);
        string[] memory metadatas = new string[](ids.length);
        uint256[] memory createdAt = new uint256[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            Session storage session = _sessions[ids[i]];
            (names[i], metadatas[i], createdAt[i]) = (session.name, session.metadata, session.createdAt);
        }
        return (ids, names, metadatas, createdAt);
    }
}
