// Compiles the devnet's Solidity sources and writes one artifact a contract.
//
//   node scripts/build_contracts.mjs [OUTPUT_FOLDER]
//
// The same sources and the pinned compiler give the same bytes: no metadata hash, no paths, sorted keys.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const MAX_CONTRACT_BYTES = 24_576; // EIP-170
const CONTRACTS = {
  Runtime: "Runtime.sol",
  SessionV2: "session/SessionV2.sol",
  SessionV2Mid: "session/SessionV2Mid.sol",
  SessionV2Old: "session/SessionV2Old.sol",
  SessionQueueV2: "queue/SessionQueueV2.sol",
  SessionQueueV2Early: "queue/SessionQueueV2Early.sol",
};
const SETTINGS = {
  evmVersion: "cancun",
  viaIR: true,
  optimizer: { enabled: true, runs: 200 },
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const devnet = join(repository, "cortensor_tui", "devnet");
const output = resolve(process.argv[2] ?? join(devnet, "artifacts"));

function readSources(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sol")).sort();
  return Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, name), "utf8") }]));
}

function compile(sources) {
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } };
  const input = { language: "Solidity", sources, settings: { ...SETTINGS, outputSelection } };
  const compiled = JSON.parse(solc.compile(JSON.stringify(input)));
  for (const problem of compiled.errors ?? []) console.error(problem.formattedMessage);
  if (compiled.errors?.length) throw new Error("the contracts do not compile without errors and warnings");
  return compiled.contracts;
}

function artifact(name, compiled) {
  const size = compiled.evm.deployedBytecode.object.length / 2;
  if (size > MAX_CONTRACT_BYTES) throw new Error(`${name} has ${size} bytes, more than ${MAX_CONTRACT_BYTES}`);
  return {
    contract: name,
    compiler: { version: solc.version(), ...SETTINGS },
    deployed_bytes: size,
    abi: compiled.abi,
    bytecode: `0x${compiled.evm.bytecode.object}`,
  };
}

const compiled = compile(readSources(join(devnet, "solidity")));
mkdirSync(output, { recursive: true });
for (const [name, source] of Object.entries(CONTRACTS)) {
  const built = artifact(name, compiled[source][name]);
  writeFileSync(join(output, `${name}.json`), `${JSON.stringify(built, null, 1)}\n`);
  console.log(`${name}: ${built.deployed_bytes} bytes -> ${relative(process.cwd(), output)}/${name}.json`);
}
