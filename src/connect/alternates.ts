/**
 * Decides which endpoints named by a broker are tried. A tried endpoint gets the login, so a broker's word alone is not
 * enough.
 */
import { inspect } from "node:util";
import { addressOf, type EndpointAddress, formatAddress } from "../errors/errors.ts";
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import type { Endpoint } from "../uri/endpoint.ts";

/**
 * Which endpoints named by a broker are tried. `"listed"`, the default: those on a host of the URI, whatever the port.
 * `"any"`: all, which trusts every broker of the URI with the login. A function: those for which it returns true. It
 * must answer synchronously; an exception or any other value refuses the endpoint.
 */
export type AlternatesPolicy = "listed" | "any" | ((endpoint: EndpointAddress) => boolean);

/** Number of endpoints that are warned about at most: a broker can name any number. */
const MAX_WARNED = 32;

/** Filters the endpoints that brokers name, for the life of one connection. */
export class AlternatesFilter {
  readonly #policy: AlternatesPolicy;
  readonly #hosts: ReadonlySet<string>;
  readonly #warn: (warning: ConnectionWarning) => void;
  readonly #warned = new Set<string>();

  /** `endpoints` are those of the URI. */
  constructor(policy: AlternatesPolicy, endpoints: readonly Endpoint[], warn: (warning: ConnectionWarning) => void) {
    this.#policy = policy;
    this.#hosts = new Set(endpoints.map(hostKey));
    this.#warn = warn;
  }

  /** Returns the named endpoints that may be tried, and raises one warning for each of the others. Never throws. */
  accepted(named: readonly Endpoint[]): readonly Endpoint[] {
    return named.filter((endpoint) => {
      const problem = this.#problemWith(endpoint);
      if (problem !== undefined) this.#refuse(endpoint, problem);
      return problem === undefined;
    });
  }

  /** Returns why the endpoint is not tried; undefined when it is. */
  #problemWith(endpoint: Endpoint): string | undefined {
    if (this.#policy === "any") return undefined;
    const { host } = endpoint;
    if (this.#policy === "listed") {
      const line = `alternates: ({ host }) => host === ${JSON.stringify(host)}`;
      return this.#hosts.has(hostKey(endpoint))
        ? undefined
        : `its host is not in the URI. If you trust it with the login, add it to the URI or write ${line}`;
    }
    try {
      const answer: unknown = this.#policy(addressOf(endpoint));
      if (answer === true) return undefined;
      if (answer === false) return "the function alternates returned false";
      // Nobody awaits this promise, so its rejection would end the process.
      if (typeof Object(answer).then === "function") Promise.resolve(answer).catch(() => {});
      return `the function alternates returned ${typeof answer}, and it must return true or false at once`;
    } catch (thrown) {
      return `the function alternates threw: ${textOf(thrown)}`;
    }
  }

  #refuse(endpoint: Endpoint, problem: string): void {
    const where = formatAddress(endpoint);
    if (this.#warned.has(where) || this.#warned.size >= MAX_WARNED) return;
    this.#warned.add(where);
    const message = `A broker named ${where} as an alternate, and it is not tried: ${problem}`;
    this.#warn({ code: "ALTERNATE_REFUSED", message, endpoint: addressOf(endpoint) });
  }
}

/** Equal for two spellings of one host: names are compared without case and without a trailing dot. */
function hostKey({ host }: EndpointAddress): string {
  const key = host.toLowerCase().replace(/\.$/, "");
  // Normalises IPv6 addresses as the URI does.
  return key.includes(":") && URL.canParse(`http://[${key}]`) ? new URL(`http://[${key}]`).hostname.slice(1, -1) : key;
}

function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : inspect(thrown);
  } catch {
    return "something that cannot be shown";
  }
}
