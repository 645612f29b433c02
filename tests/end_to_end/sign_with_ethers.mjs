// The owner's wallet as its user would script it: signs what `assign --unsigned` wrote, with ethers 6.
//
//   node sign_with_ethers.mjs FILE PRIVATE_KEY ['{"value": "0x1"}']
//
// Prints the raw signed transaction. The last argument changes fields, for a wallet that signs something else.

import { readFileSync } from "node:fs";
import { Wallet } from "ethers";

const [file, key, changes] = process.argv.slice(2);
const { transaction } = JSON.parse(readFileSync(file, "utf8"));
const { from, gas, ...rest } = { ...transaction, ...JSON.parse(changes ?? "{}") };
console.log(await new Wallet(key).signTransaction({ ...rest, gasLimit: gas }));
