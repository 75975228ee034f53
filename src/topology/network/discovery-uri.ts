/**
 * Parses the address of a connector in brokers' configurations without judging it, so that the checks can report its
 * mistakes. URIs of clients are parsed, and judged, in src/uri.
 */

/** One address inside a discovery URI. */
export interface UriComponent {
  /** As written, without blanks around it. */
  readonly text: string;
  /** Such as `tcp`; undefined when there is none. */
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

export interface DiscoveryUri {
  /** `masterslave`, `static`, `failover`, `multicast` …; undefined for a plain address. */
  readonly agent: string | undefined;
  /** `failover` in `static:(failover:(…))`; undefined otherwise. */
  readonly inner: string | undefined;
  readonly components: readonly UriComponent[];
  /** The options of the agent, after the parentheses. */
  readonly options: ReadonlyMap<string, string>;
  /** There is a blank or a line break inside. Java's URI class refuses both. */
  readonly hasBlank: boolean;
}

const AGENTS =
  /^(masterslave|static|failover|fanout|multicast|zeroconf|rendezvous|rvdiscovery|ldap|discovery|k8s|kubernetes|simple|broker|peer)$/;
/** Agents that find the brokers at run time: their addresses are not in the URI. */
const DYNAMIC = /^(multicast|zeroconf|rendezvous|rvdiscovery|ldap|k8s|kubernetes|discovery)$/;

/** Whether an agent finds its brokers at run time, so that nobody can tell them from the configuration. */
export function isDynamic(agent: string | undefined): boolean {
  return agent !== undefined && DYNAMIC.test(agent);
}

/** URIs inside URIs: real ones have two. Deeper ones are left as texts. */
const MAX_DEPTH = 4;

/** Never throws. */
export function readDiscoveryUri(text: string): DiscoveryUri {
  return readNested(text, 1);
}

function readNested(text: string, depth: number): DiscoveryUri {
  const trimmed = text.trim();
  const scheme = /^([A-Za-z][\w+.-]*):/.exec(trimmed)?.[1]?.toLowerCase();
  const hasBlank = /\s/.test(trimmed);
  if (scheme === undefined || !AGENTS.test(scheme)) {
    const [address = ""] = trimmed.split("?");
    // Artemis writes alternates after `#`, and several addresses with commas.
    const components = address.split(/[#,]/).filter((part) => part.trim() !== "");
    return {
      agent: undefined,
      inner: undefined,
      components: components.map(component),
      options: optionsIn(trimmed),
      hasBlank,
    };
  }
  const rest = trimmed.slice(scheme.length + 1).replace(/^\/\//, "");
  if (isDynamic(scheme)) return { agent: scheme, inner: undefined, components: [], options: optionsIn(rest), hasBlank };
  const { body, tail } = splitParentheses(rest);
  const nested = /^\s*(failover|fanout|masterslave)\s*:/.exec(body);
  const inner = nested && depth < MAX_DEPTH ? readNested(body, depth + 1) : undefined;
  const components = inner ? inner.components : splitCommas(body).map(component);
  return { agent: scheme, inner: inner?.agent, components, options: optionsIn(tail), hasBlank };
}

/** The text inside the outer parentheses, and what follows them. Without parentheses all is inside, as Java has it. */
function splitParentheses(text: string): { readonly body: string; readonly tail: string } {
  const start = text.trimStart();
  if (!start.startsWith("(")) return { body: text, tail: "" };
  let depth = 0;
  for (let index = 0; index < start.length; index += 1) {
    if (start[index] === "(") depth += 1;
    else if (start[index] === ")") {
      depth -= 1;
      if (depth === 0) return { body: start.slice(1, index), tail: start.slice(index + 1) };
    }
  }
  return { body: start.slice(1), tail: "" };
}

function splitCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "(") depth += 1;
    else if (text[index] === ")") depth -= 1;
    else if (text[index] === "," && depth === 0) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part.trim() !== "");
}

function component(part: string): UriComponent {
  const text = part.trim();
  const full = /^([A-Za-z][\w+.-]*):\/\/(\[[^\]]*\]|[^:/?;#]*)(?::(\d{1,5}))?/.exec(text);
  if (full) return { text, scheme: full[1], host: unbracket(full[2]), port: full[3] ? Number(full[3]) : undefined };
  const bare = /^([^:/?;#]+):(\d{1,5})/.exec(text);
  return { text, scheme: undefined, host: bare?.[1], port: bare?.[2] ? Number(bare[2]) : undefined };
}

function unbracket(host: string | undefined): string | undefined {
  return host?.startsWith("[") ? host.slice(1, -1) : host;
}

function optionsIn(text: string): Map<string, string> {
  const query = text.slice(text.lastIndexOf("?") + 1);
  if (!text.includes("?")) return new Map();
  const pairs = query.split(/[&;]/).filter((pair) => pair !== "");
  return new Map(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
