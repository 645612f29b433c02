// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Module} from "../Module.sol";
import {EarlySessions} from "./EarlySessions.sol";
import {Session, SessionState} from "./SessionStore.sol";

/// @dev Field order and names are the network's in generation old.
struct OldSession {
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
}

/// @notice SessionV2 of generation old: sessions without terms.
contract SessionV2Old is EarlySessions {
    /// @dev Part of the public interface; no money moves here, so neither is ever told.
    event DepositToSession(uint256 indexed sessionId, address indexed from, uint256 amount);
    event WithdrawFromSession(uint256 indexed sessionId, address indexed to, uint256 amount);

    constructor(address runtimeAddress, address oracleAddress) Module(runtimeAddress, oracleAddress) {}

    function create(
        string calldata name,
        string calldata metadata,
        address variableAddress,
        uint256 minNumOfNodes,
        uint256 maxNumOfNodes,
        uint256 redundant,
        uint256 numOfValidatorNodes,
        uint256 mode,
        bool reserveEphemeralNodes
    ) external {
        (variableAddress, reserveEphemeralNodes);
        Session storage session = _open(name, metadata);
        _shape(session, minNumOfNodes, maxNumOfNodes, redundant, numOfValidatorNodes, mode);
    }

    function getSession(uint256 sessionId) external view returns (OldSession memory) {
        return _inOldForm(_read(sessionId));
    }

    function getActiveSessionsByAddress(address userAddr) external view returns (OldSession[] memory) {
        return _readAll(_activeIdsOf(userAddr));
    }

    function getSessionsByAddress(address userAddr) external view returns (OldSession[] memory) {
        return _readAll(_sessionIdsOf[userAddr]);
    }

    function getSessionsByAddressByPage(
        address userAddr,
        uint256 offset,
        uint256 amount
    ) external view returns (OldSession[] memory) {
        return _readAll(_pageOfIds(userAddr, offset, amount));
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
            uint256 numOfValidatorNodes
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
            session.numOfValidatorNodes
        );
    }

    function getMode(uint256 sessionId) external view returns (uint256) {
        return _existing(sessionId).mode;
    }

    function getDedicatedNodes(uint256 sessionId) external view returns (address[] memory) {
        return _existing(sessionId).dedicatedNodes;
    }

    function getDedicatedNodeCount(uint256 sessionId) external view returns (uint256) {
        return _existing(sessionId).dedicatedNodes.length;
    }

    function getEphemeralNodes(uint256 sessionId) external view returns (address[] memory) {
        return _existing(sessionId).ephemeralNodes;
    }

    /// @notice Always zero: no node comes from a pool, so none is ever reserved for executing.
    function isNodeInExecutionMode(address) external pure returns (uint256) {
        return 0;
    }

    /// @notice Always zero: tasks cost no fee here.
    function sessionBalances(uint256) external pure returns (uint256) {
        return 0;
    }

    /// @notice Always zero: a bound node stays until it is unbound.
    function tasksBeforeRelease() external pure returns (uint256) {
        return 0;
    }

    function _readAll(uint256[] memory ids) private view returns (OldSession[] memory found) {
        found = new OldSession[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) found[i] = _inOldForm(_read(ids[i]));
    }

    function _inOldForm(Session memory session) private pure returns (OldSession memory) {
        return
            OldSession({
                id: session.id,
                sid: session.sid,
                name: session.name,
                metadata: session.metadata,
                state: session.state,
                createdAt: session.createdAt,
                updatedAt: session.updatedAt,
                owner: session.owner,
                ephemeralNodes: session.ephemeralNodes,
                dedicatedNodes: session.dedicatedNodes,
                mode: session.mode,
                redundant: session.redundant,
                minNumOfNodes: session.minNumOfNodes,
                maxNumOfNodes: session.maxNumOfNodes,
                numOfValidatorNodes: session.numOfValidatorNodes,
                routerMetadatas: session.routerMetadatas,
                routerAddresses: session.routerAddresses
            });
    }
}
