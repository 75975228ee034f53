/** Tests whether this machine allows us to create networks. */
import { Network } from "./network.ts";
import { runCommand } from "./run-command.ts";

const TOOLS = [
  ["ip", "-V"],
  ["nft", "--version"],
  ["tc", "-V"],
  ["dnsmasq", "--version"],
] as const;

/** Creates a network with a host, to see whether that is possible; rejects with what is missing. */
export async function detectNetwork(): Promise<void> {
  if (process.platform !== "linux") throw new Error("No networks of our own: network namespaces are Linux's");
  if (process.getuid?.() !== 0) throw new Error("No networks of our own: making network namespaces needs root");
  for (const command of TOOLS) {
    await runCommand(command).catch((cause: unknown) => {
      throw new Error(`No networks of our own: ${command[0]} is not to be had (iproute2, nftables, dnsmasq-base)`, {
        cause,
      });
    });
  }
  try {
    await tryNetwork();
  } catch (cause) {
    throw new Error("No networks of our own: this kernel, or this container, does not let us make one", { cause });
  }
}

/** Without `await using`, because the test runner's configuration loads this file untranslated on Node 20. */
async function tryNetwork(): Promise<void> {
  const network = await Network.create();
  try {
    const host = await network.host("trial");
    await host.lose(1);
    await host.rate(1_000_000);
  } finally {
    await network.close();
  }
}
