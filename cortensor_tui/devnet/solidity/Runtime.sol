// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "./Ownable.sol";

/// @notice The one address a node needs: it names every other module. Our own design, since the interface of
///         the network's Runtime is not public.
contract Runtime is Ownable {
    mapping(string name => address module) private _modules;

    event ModuleRegistered(string name, address module);

    constructor() Ownable(msg.sender) {}

    /// @notice Name a module, once: a devnet that changes its modules is another devnet.
    function registerModule(string calldata name, address module) external onlyOwner {
        require(module.code.length > 0, "Runtime: a module must be a contract");
        require(_modules[name] == address(0), "Runtime: a module of this name is already registered");
        _modules[name] = module;
        emit ModuleRegistered(name, module);
    }

    /// @return The module's address, zero where the name is unknown.
    function getModuleAddress(string calldata name) external view returns (address) {
        return _modules[name];
    }
}
