// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Session, SessionStore} from "./SessionStore.sol";

/// @notice Addresses that may submit tasks for a session besides its owner, each with a text on how to reach it.
abstract contract SessionRouters is SessionStore {
    uint256 private constant MAX_ROUTERS = 16;
    uint256 private constant MAX_ROUTER_INFO_BYTES = 1024;

    event RouterAdded(address routerAddress, string routerInfo);
    event RouterUpdated(address routerAddress, string routerInfo);
    event RouterRemoved(address routerAddress);
    event AllRoutersRemoved(uint256 indexed sessionId);

    function addRouter(uint256 sessionId, address routerAddress, string calldata metadata) external {
        Session storage session = _activeOwnedBySender(sessionId);
        require(routerAddress != address(0), "SessionV2: the router's address is zero");
        require(bytes(metadata).length <= MAX_ROUTER_INFO_BYTES, "SessionV2: the router's text is too long");
        require(session.routerAddresses.length < MAX_ROUTERS, "SessionV2: the session has too many routers");
        require(_positionOf(session, routerAddress) < 0, "SessionV2: the router is already listed");
        session.routerAddresses.push(routerAddress);
        session.routerMetadatas.push(metadata);
        _touch(session);
        emit RouterAdded(routerAddress, metadata);
    }

    function updateRouter(uint256 sessionId, address routerAddress, string calldata newRouterInfo) external {
        Session storage session = _activeOwnedBySender(sessionId);
        require(bytes(newRouterInfo).length <= MAX_ROUTER_INFO_BYTES, "SessionV2: the router's text is too long");
        session.routerMetadatas[_listedPositionOf(session, routerAddress)] = newRouterInfo;
        _touch(session);
        emit RouterUpdated(routerAddress, newRouterInfo);
    }

    /// @dev Keeps the order, so that the last router stays the latest.
    function removeRouter(uint256 sessionId, address routerAddress) external {
        Session storage session = _activeOwnedBySender(sessionId);
        uint256 last = session.routerAddresses.length;
        for (uint256 i = _listedPositionOf(session, routerAddress) + 1; i < last; i++) {
            session.routerAddresses[i - 1] = session.routerAddresses[i];
            session.routerMetadatas[i - 1] = session.routerMetadatas[i];
        }
        session.routerAddresses.pop();
        session.routerMetadatas.pop();
        _touch(session);
        emit RouterRemoved(routerAddress);
    }

    function resetAllRouters(uint256 sessionId) external {
        Session storage session = _activeOwnedBySender(sessionId);
        delete session.routerAddresses;
        delete session.routerMetadatas;
        _touch(session);
        emit AllRoutersRemoved(sessionId);
    }

    function getRouterCount(uint256 sessionId) external view returns (uint256) {
        return _existing(sessionId).routerAddresses.length;
    }

    function getRouterAddress(uint256 sessionId, uint256 index) external view returns (address) {
        Session storage session = _existing(sessionId);
        require(index < session.routerAddresses.length, "SessionV2: there is no router at this position");
        return session.routerAddresses[index];
    }

    /// @return The router's position, -1 where it is not listed.
    function getRouterIndex(uint256 sessionId, address routerAddress) external view returns (int256) {
        return _positionOf(_existing(sessionId), routerAddress);
    }

    function getRouterInfo(uint256 sessionId, address routerAddress) external view returns (string memory) {
        Session storage session = _existing(sessionId);
        return session.routerMetadatas[_listedPositionOf(session, routerAddress)];
    }

    function getLatestRouterIndex(uint256 sessionId) public view returns (uint256) {
        uint256 count = _existing(sessionId).routerAddresses.length;
        require(count > 0, "SessionV2: the session has no router");
        return count - 1;
    }

    function getLatestRouterAddress(uint256 sessionId) external view returns (address) {
        uint256 latest = getLatestRouterIndex(sessionId);
        return _sessions[sessionId].routerAddresses[latest];
    }

    function getLatestRouterInfo(uint256 sessionId) external view returns (string memory) {
        uint256 latest = getLatestRouterIndex(sessionId);
        return _sessions[sessionId].routerMetadatas[latest];
    }

    /// @notice The router texts of every session that an address owns, in order of session.
    function getRouterMetadatasByAddress(address userAddr) external view returns (string[] memory) {
        return _routerMetadatasOf(_sessionIdsOf[userAddr]);
    }

    function getRouterMetadatasBySessionIds(uint256[] calldata sessionIds) external view returns (string[] memory) {
        return _routerMetadatasOf(sessionIds);
    }

    function _isRouter(Session storage session, address candidate) internal view returns (bool) {
        return _positionOf(session, candidate) >= 0;
    }

    function _routerMetadatasOf(uint256[] memory sessionIds) private view returns (string[] memory metadatas) {
        uint256 count = 0;
        for (uint256 i = 0; i < sessionIds.length; i++) {
            count += _existing(sessionIds[i]).routerMetadatas.length;
        }
        metadatas = new string[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < sessionIds.length; i++) {
            string[] storage ofSession = _sessions[sessionIds[i]].routerMetadatas;
            for (uint256 j = 0; j < ofSession.length; j++) metadatas[next++] = ofSession[j];
        }
    }

    function _listedPositionOf(Session storage session, address routerAddress) internal view returns (uint256) {
        int256 position = _positionOf(session, routerAddress);
        require(position >= 0, "SessionV2: the router is not listed");
        return uint256(position);
    }

    function _positionOf(Session storage session, address routerAddress) private view returns (int256) {
        for (uint256 i = 0; i < session.routerAddresses.length; i++) {
            if (session.routerAddresses[i] == routerAddress) return int256(i);
        }
        return -1;
    }
}
