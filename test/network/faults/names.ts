/** Endpoints given by host names, with a name server that fails during a failover. */
import { type Fault, type Scene, uriOf } from "./fault.ts";

async function bothByName(scene: Scene): Promise<string> {
  const { activeHost, standbyHost, names } = scene;
  await names.answer({ "one.lab": [activeHost.address], "two.lab": [standbyHost.address] });
  return uriOf(scene, "one.lab", "two.lab");
}

async function killActive({ pair, active }: Scene): Promise<void> {
  await pair.group.kill(active);
}

export const NAMES: readonly Fault[] = [
  {
    name: "names cannot be resolved",
    what: "the broker is killed while the name server knows no name; after 3 s it knows them again",
    consequence: "moves",
    uri: bothByName,
    strike: async (scene) => {
      await scene.names.answer({});
      await killActive(scene);
    },
    heal: async (scene) => void (await bothByName(scene)),
    healAfterMs: 3_000,
  },
  {
    name: "name server silent",
    what: "the broker is killed while the name server does not answer; after 3 s it does again",
    consequence: "moves",
    uri: bothByName,
    strike: async (scene) => {
      scene.names.silence();
      scene.cleanUp(() => scene.names.resume());
      await killActive(scene);
    },
    heal: async ({ names }) => names.resume(),
    healAfterMs: 3_000,
  },
  {
    name: "the name moves",
    what: "one endpoint, by name; its host loses power, and the name gets the new master's address",
    consequence: "moves",
    uri: async (scene) => {
      await scene.names.answer({ "active.lab": [scene.activeHost.address] });
      return uriOf(scene, "active.lab");
    },
    strike: async (scene) => {
      await scene.activeHost.linkDown();
      await killActive(scene);
      await scene.names.answer({ "active.lab": [scene.standbyHost.address] });
    },
  },
  {
    name: "a dead address first",
    what: "one endpoint, by a name with both brokers' addresses, that of the host that loses power first",
    consequence: "moves",
    uri: async (scene) => {
      await scene.names.answer({ "pair.lab": [scene.activeHost.address, scene.standbyHost.address] });
      return uriOf(scene, "pair.lab");
    },
    strike: async (scene) => {
      await scene.activeHost.linkDown();
      await killActive(scene);
    },
  },
];
