// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "./Ownable.sol";

interface IRuntime {
    function getModuleAddress(string calldata name) external view returns (address);
}

/// @notice What both modules share in every generation: who the oracle is, where the other module is, how a node
///         is named, and the getters of network modules that a devnet does not have.
abstract contract Module is Ownable {
    IRuntime private immutable _runtime;
    address internal immutable _oracle;

    constructor(address runtimeAddress, address oracleAddress) Ownable(msg.sender) {
        require(runtimeAddress != address(0), "Module: the runtime's address is zero");
        require(oracleAddress != address(0), "Module: the oracle's address is zero");
        _runtime = IRuntime(runtimeAddress);
        _oracle = oracleAddress;
    }

    function isOracleNode(address addr) external view returns (bool) {
        return addr == _oracle;
    }

    function getNodeId(address addr) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(addr));
    }

    function getACLAddress() external pure returns (address) {
        return address(0);
    }

    function getIAMAddress() external pure returns (address) {
        return address(0);
    }

    function getNodePoolAddress() external pure returns (address) {
        return address(0);
    }

    function getSessionStatsAddress() external pure returns (address) {
        return address(0);
    }

    function _module(string memory name) internal view returns (address) {
        return _runtime.getModuleAddress(name);
    }
}
