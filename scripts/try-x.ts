import { fuzzConversations } from "../test/fuzz/conversation-target.ts";

const [p, runs, seed] = process.argv.slice(2);
const t = performance.now();
const r = await fuzzConversations(p as "stomp", { seed: Number(seed), runs: Number(runs) });
console.info(
  JSON.stringify(r, undefined, 1),
  ((performance.now() - t) / Number(runs)).toFixed(2),
  "ms/case",
  process.memoryUsage().rss >> 20,
);
process.exit();
