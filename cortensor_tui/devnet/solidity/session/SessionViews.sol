// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Session, SessionState, SessionStore} from "./SessionStore.sol";

/// @notice Which sessions there are and whose, alike in every generation. Each generation adds the views that
///         tell whole sessions, since its struct is its own.
abstract contract SessionViews is SessionStore {
    function doesSessionExist(uint256 sessionId) external view returns (bool) {
        return sessionId < _sessions.length;
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

    function _activeIdsOf(address userAddr) internal view returns (uint256[] memory active) {
        uint256[] storage ids = _sessionIdsOf[userAddr];
        active = new uint256[](ids.length);
        uint256 count = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (_sessions[ids[i]].state == SessionState.Active) active[count++] = ids[i];
        }
        assembly ("memory-safe") {
            mstore(active, count)
        }
    }

    /// @param offset how many of the owner's sessions to leave out, oldest first
    function _pageOfIds(
        address userAddr,
        uint256 offset,
        uint256 amount
    ) internal view returns (uint256[] memory page) {
        uint256[] storage ids = _sessionIdsOf[userAddr];
        uint256 left = offset < ids.length ? ids.length - offset : 0;
        page = new uint256[](amount < left ? amount : left);
        for (uint256 i = 0; i < page.length; i++) page[i] = ids[offset + i];
    }
}
