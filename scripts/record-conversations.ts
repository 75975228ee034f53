/**
 * Records the conversations for fuzzing, with the embedded group or a pair of real brokers, into
 * test/vectors/conversations: tsx scripts/record-conversations.ts embedded | classic | artemis.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { embeddedGroup } from "../src/testing/embedded-group.ts";
import { startGroup } from "../test/brokers/real-group.ts";
import { type Recorded, record } from "../test/fuzz/record.ts";
import { STORY_NAMES } from "../test/fuzz/stories.ts";

const FOLDER = new URL("../test/vectors/conversations/", import.meta.url);
const [who = "embedded"] = process.argv.slice(2);
const PROTOCOLS = ["stomp", "amqp"] as const;

if (who === "classic" || who === "artemis") {
  await using group = await startGroup(who);
  const peer = `${who} ${group.version}`;
  await write(
    PROTOCOLS.map((protocol) => ({ protocol, peer, credentials: group.credentials, ...group.endpoint("a", protocol) })),
  );
} else {
  await using group = await embeddedGroup({ members: 1, inProcess: true });
  await write(
    PROTOCOLS.flatMap((protocol) => group.endpoints(protocol).map((at) => ({ protocol, peer: "embedded", ...at }))),
  );
}

async function write(recorded: readonly Recorded[]): Promise<void> {
  const recordings = [];
  for (const one of recorded) {
    for (const story of STORY_NAMES) {
      try {
        recordings.push(await record(one, story));
      } catch (error) {
        console.info(`left out: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(`${who}.json`, FOLDER), `${JSON.stringify(recordings, undefined, 2)}\n`);
  for (const { protocol, story, said } of recordings) console.info(`${protocol} ${story}: ${said.length} characters`);
}
