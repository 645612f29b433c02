// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Session, SessionState, SessionStore} from "./SessionStore.sol";

/// @notice Which nodes a session's owner has bound to it by hand. A node may serve several sessions; the
///         latest binding is the one that the single-valued getters tell.
abstract contract DedicatedNodes is SessionStore {
    struct Binding {
        uint256 sessionId;
        uint256 boundAt;
    }

    mapping(address node => Binding[] bindings) private _bindingsOf;
    mapping(bytes32 nodeId => address node) internal _nodeOf;
    address[] internal _nodesEverBound;

    event DedicatedNodeAdded(address indexed nodeAddress);
    event DedicatedNodeRemoved(address indexed nodeAddress);
    event NodeReleased(bytes32 nodeId, uint256 sessionId);

    function addDedicatedNode(uint256 sessionId, address nodeAddress) external {
        Session storage session = _existing(sessionId);
        require(msg.sender == session.owner, "SessionV2: only the session's owner may bind a node");
        require(session.state == SessionState.Active, "SessionV2: the session is not active");
        require(session.mode != MODE_EPHEMERAL, "SessionV2: an ephemeral session takes no dedicated nodes");
        require(nodeAddress != address(0), "SessionV2: the node's address is zero");
        require(!_isBound(session, nodeAddress), "SessionV2: the node is already bound to this session");
        require(
            session.dedicatedNodes.length < session.maxNumOfNodes,
            "SessionV2: the session already has its maximum number of nodes"
        );
        session.dedicatedNodes.push(nodeAddress);
        _touch(session);
        _bindingsOf[nodeAddress].push(Binding(sessionId, block.timestamp));
        bytes32 nodeId = getNodeId(nodeAddress);
        if (_nodeOf[nodeId] == address(0)) {
            _nodeOf[nodeId] = nodeAddress;
            _nodesEverBound.push(nodeAddress);
        }
        emit DedicatedNodeAdded(nodeAddress);
        _afterBinding(sessionId, nodeAddress);
    }

    /// @notice Unbind a node. A deactivated session may still let its nodes go; assigned tasks stay assigned.
    function removeDedicatedNode(uint256 sessionId, address nodeAddress) external {
        Session storage session = _existing(sessionId);
        require(msg.sender == session.owner, "SessionV2: only the session's owner may unbind a node");
        require(_isBound(session, nodeAddress), "SessionV2: the node is not bound to this session");
        _unbind(session, nodeAddress);
    }

    /// @notice Unbind a node from the session it was bound to last, by that session's owner or the contract's.
    function releaseByNodeId(bytes32 nodeId) external {
        address nodeAddress = _nodeOf[nodeId];
        uint256 sessionId = getNodeSessionId(nodeAddress);
        Session storage session = _existing(sessionId);
        require(
            msg.sender == session.owner || msg.sender == owner(),
            "SessionV2: only the session's owner or the contract's may release a node"
        );
        _unbind(session, nodeAddress);
        emit NodeReleased(nodeId, sessionId);
    }

    function isNodeAssignedToAnySession(address nodeAddress) public view returns (bool) {
        return _bindingsOf[nodeAddress].length > 0;
    }

    /// @notice The session a node was bound to last. Reverts for an unbound node, because 0 is a session.
    function getNodeSessionId(address nodeAddress) public view returns (uint256) {
        Binding[] storage bindings = _bindingsOf[nodeAddress];
        require(bindings.length > 0, "SessionV2: the node is not bound to any session");
        return bindings[bindings.length - 1].sessionId;
    }

    /// @return When the node's latest binding was made, 0 for an unbound node.
    function getNodeAssignedTimestamp(address nodeAddress) external view returns (uint256) {
        Binding[] storage bindings = _bindingsOf[nodeAddress];
        return bindings.length == 0 ? 0 : bindings[bindings.length - 1].boundAt;
    }

    /// @dev What a generation tells of a binding besides DedicatedNodeAdded.
    function _afterBinding(uint256 sessionId, address nodeAddress) internal virtual {}

    function _isBound(Session storage session, address nodeAddress) internal view returns (bool) {
        address[] storage nodes = session.dedicatedNodes;
        for (uint256 i = 0; i < nodes.length; i++) {
            if (nodes[i] == nodeAddress) return true;
        }
        return false;
    }

    /// @dev Both lists keep their order: the oracle's turns and the latest binding depend on it.
    function _unbind(Session storage session, address nodeAddress) private {
        address[] storage nodes = session.dedicatedNodes;
        bool found = false;
        for (uint256 i = 0; i < nodes.length; i++) {
            if (found) nodes[i - 1] = nodes[i];
            else found = nodes[i] == nodeAddress;
        }
        nodes.pop();

        Binding[] storage bindings = _bindingsOf[nodeAddress];
        found = false;
        for (uint256 i = 0; i < bindings.length; i++) {
            if (found) bindings[i - 1] = bindings[i];
            else found = bindings[i].sessionId == session.id;
        }
        bindings.pop();

        _touch(session);
        emit DedicatedNodeRemoved(nodeAddress);
    }
}
