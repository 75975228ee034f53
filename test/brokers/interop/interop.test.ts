/** Messages between this package and other clients, both ways, on both brokers, over both of our protocols. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import { type Protocol, type RealGroup, startGroup } from "../real-group.ts";
import { ASPECTS, type Aspect, SAME } from "./aspects.ts";
import { DIRECTIONS, exceptionFor } from "./exceptions.ts";
import type { InteropClient } from "./interop-client.ts";
import { CLIENT_TITLES, OTHER_CLIENTS, startOtherClient } from "./other-clients.ts";
import { startOurs } from "./our-client.ts";
import { pythonWithClients } from "./python-environment.ts";

const PROTOCOLS: readonly Protocol[] = ["stomp", "amqp"];
const clients = (await pythonCanRun()) ? OTHER_CLIENTS : OTHER_CLIENTS.filter((client) => !isPython(client));

describe.each(["classic", "artemis"] as const)("on a real %s", (product) => {
  let group: RealGroup;
  let queues = 0;

  beforeAll(async () => {
    group = await startGroup(product);
  }, 600_000);
  afterAll(async () => {
    await group?.close();
  });

  describe.each(clients)("%s", (client) => {
    let theirs: InteropClient;
    let ours: InteropClient | undefined;

    beforeAll(async () => {
      theirs = await startOtherClient(client, group);
    }, 600_000);
    afterEach(async () => {
      await ours?.close();
      ours = undefined;
    });
    afterAll(async () => {
      await theirs?.close();
    });

    describe.each(PROTOCOLS)("and our %s", (protocol) => {
      describe.each(DIRECTIONS)("%s", (direction) => {
        it.each(ASPECTS)(
          "gets $name as it was sent, or as the exceptions say",
          { retry: retries(client) },
          async (aspect) => {
            const cell = { product, client, protocol, direction, aspect: aspect.name };
            ours = await startOurs(protocol, group);
            const [sender, receiver] = direction === "from us" ? [ours, theirs] : [theirs, ours];
            queues += 1;
            const outcome = await outcomeOf(aspect, sender, receiver, `queue://interop.${queues}`);
            expect(outcome, CLIENT_TITLES[client]).toBe(exceptionFor(cell)?.outcome ?? SAME);
          },
        );
      });
    });
  });
});

/**
 * On a busy machine Artemis sometimes closes stomp.py's connection without an ERROR; the client connects again for the
 * next command.
 */
function retries(client: (typeof OTHER_CLIENTS)[number]): number {
  return client === "stomp.py" ? 1 : 0;
}

/** Without a compiler, the Python clients are left out with a message; in CI that is a failure. */
async function pythonCanRun(): Promise<boolean> {
  try {
    await pythonWithClients();
    return true;
  } catch (reason) {
    if (process.env["CI"]) throw reason;
    console.warn(`SKIPPED: the clients written in Python. ${reason instanceof Error ? reason.message : reason}`);
    return false;
  }
}

function isPython(client: (typeof OTHER_CLIENTS)[number]): boolean {
  return client === "stomp.py" || client === "proton";
}

/** An error by which this package refuses a message counts as an outcome too. */
async function outcomeOf(
  aspect: Aspect,
  sender: InteropClient,
  receiver: InteropClient,
  destination: string,
): Promise<string> {
  try {
    return await aspect.run(sender, receiver, destination);
  } catch (error) {
    if (error instanceof MasterSlaveError) return `refused: ${error.code}`;
    throw error;
  }
}
