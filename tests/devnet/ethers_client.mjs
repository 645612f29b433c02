// An ordinary Ethereum client on a devnet: ethers 6 with its plain JsonRpcProvider and nothing of ours but the
// address of the Runtime, two keys and the ABIs. Owner: creates a session, binds the node, submits. Miner:
// answers. Prints one line of JSON with what it saw.
//
//   node ethers_client.mjs '{"rpc_url", "runtime", "owner_key", "miner_key", "abis", "prompt", "answer"}'

import { Contract, JsonRpcProvider, Wallet, id } from "ethers";

const POLL_MS = 200;
const { rpc_url, runtime, owner_key, miner_key, abis, prompt, answer } = JSON.parse(process.argv[2]);
// ethers keeps an answer for 250 ms, the count of transactions too; a block can be quicker than that here.
const provider = new JsonRpcProvider(rpc_url, undefined, { pollingInterval: POLL_MS, cacheTimeout: -1 });
const owner = new Wallet(owner_key, provider);
const miner = new Wallet(miner_key, provider);

const modules = new Contract(runtime, abis.Runtime, provider);
const sessions = new Contract(await modules.getModuleAddress("SessionV2"), abis.SessionV2, owner);
const queue = new Contract(await modules.getModuleAddress("SessionQueueV2"), abis.SessionQueueV2, miner);

const EVENTS = ["TaskQueued", "TaskAssigned", "TaskAcked", "TaskAllPrecommitted", "TaskAllCommitted", "TaskEnded"];
const seen = [];
for (const name of EVENTS) {
  queue.on(name, (sessionId, taskId) => seen.push(`${name} ${sessionId}/${taskId}`));
}

async function mined(sent) {
  const receipt = await (await sent).wait();
  return receipt;
}

async function told(name) {
  while (!seen.some((event) => event.startsWith(name))) await new Promise((wake) => setTimeout(wake, POLL_MS));
}

const node = miner.address;
const zero = `0x${"00".repeat(20)}`;
const created = await mined(sessions.create("ethers", "{}", zero, 1, 2, 1, 0, 2, false, 0, 12, 300, 5));
const { sessionId } = sessions.interface.parseLog(created.logs[0]).args;
await mined(sessions.addDedicatedNode(sessionId, node));
await mined(sessions.submit(sessionId, 2, prompt, 1, "", [128, 70, 100, 40, 100, 0, 0], [90, 0], "ethers"));

await told("TaskAssigned");
const taskId = (await queue.getTaskCountBySessionId(sessionId)) - 1n;
await mined(queue.ack(sessionId, taskId));
const task = await queue.getTaskDataWithAcked(sessionId, taskId, { from: node });
await mined(queue.precommit(sessionId, taskId, id(answer), ""));
await told("TaskAllPrecommitted");
await mined(queue.commit(sessionId, taskId, answer));
for (const name of EVENTS) await told(name); // each is polled for apart, so they come in any order

let refusal = null;
try {
  await queue.commit.estimateGas(sessionId, taskId, answer);
} catch (error) {
  refusal = error.reason;
}
const session = await sessions.getSession(sessionId);
const [miners, data] = await queue.getTaskResults(sessionId, taskId);
const logs = await queue.queryFilter("TaskEnded", 0, "latest");
const result = {
  session_id: Number(sessionId),
  name: session.name,
  dedicated_nodes: [...session.dedicatedNodes],
  task_id: Number(taskId),
  task,
  status: Number(await queue.getTaskStatus(sessionId, taskId)),
  miners: [...miners],
  data: [...data],
  refusal,
  seen,
  ended_logs: logs.length,
};
await queue.removeAllListeners();
provider.destroy();
console.log(JSON.stringify(result));
