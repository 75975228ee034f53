/** A DNS server (dnsmasq) in a host of its own. A test can change its answers, make it fail, or silence it. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { guardDirectory } from "../../brokers/exit-guard.ts";
import type { Host } from "./host.ts";

/** Names below `.lab`, each with its addresses in the order of the answer. */
export type Records = Readonly<Record<string, readonly string[]>>;

export class NameServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #log: Interface;
  readonly #directory: string;
  readonly #releaseDirectory: () => void;

  private constructor(child: ChildProcess, log: Interface, directory: string) {
    this.#child = child;
    this.#log = log;
    this.#directory = directory;
    this.#releaseDirectory = guardDirectory(directory);
  }

  /** Resolves when the server answers. Hosts use it if they were created with its host's address as a name server. */
  static async start(host: Host, records: Records = {}): Promise<NameServer> {
    const directory = await mkdtemp(join(tmpdir(), "masterslave-names-"));
    await writeFile(join(directory, "hosts"), hostsFile(records));
    // A time to live of 0 forbids caching, as for names whose address moves.
    const behaviour = ["--local=/lab/", "--local-ttl=0", "--no-round-robin", "--no-resolv", "--no-hosts"];
    const place = ["--conf-file=/dev/null", "--pid-file=", "--user=root", "--bind-interfaces", "--interface=eth0"];
    const args = [
      ...behaviour,
      ...place,
      "--keep-in-foreground",
      "--log-facility=-",
      `--addn-hosts=${directory}/hosts`,
    ];
    const child = host.spawn("dnsmasq", args, { stdio: ["ignore", "ignore", "pipe"] });
    if (!child.stderr) throw new Error("dnsmasq has no standard error to read");
    const server = new NameServer(child, createInterface(child.stderr), directory);
    await server.#hasRead();
    return server;
  }

  /** Answers with these names from now on; every other name below `.lab` does not exist. */
  async answer(records: Records): Promise<void> {
    await writeFile(join(this.#directory, "hosts"), hostsFile(records));
    const read = this.#hasRead();
    this.#child.kill("SIGHUP");
    await read;
  }

  /** Leaves questions unanswered until `resume()`. */
  silence(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  async close(): Promise<void> {
    const closed = once(this.#child, "close");
    if (this.#child.kill("SIGKILL")) await closed;
    await rm(this.#directory, { recursive: true, force: true });
    this.#releaseDirectory();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** dnsmasq logs this for each file, at the start and after every SIGHUP. */
  #hasRead(): Promise<void> {
    const said: string[] = [];
    return new Promise((resolve, reject) => {
      const onLine = (line: string): void => {
        said.push(line);
        if (/\bread .*hosts\b/.test(line)) finish(resolve);
      };
      const onClose = (): void => finish(() => reject(new Error(`dnsmasq has ended: ${said.join("; ")}`)));
      const finish = (settle: () => void): void => {
        this.#log.off("line", onLine);
        this.#child.off("close", onClose);
        settle();
      };
      this.#log.on("line", onLine);
      this.#child.once("close", onClose);
    });
  }
}

function hostsFile(records: Records): string {
  const lines = Object.entries(records).flatMap(([name, addresses]) =>
    addresses.map((address) => `${address} ${name}`),
  );
  return `${lines.join("\n")}\n`;
}
