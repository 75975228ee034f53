/**
 * The output of the running demo: one updating line on a terminal, otherwise one line per failover. On stderr, because
 * stdout is for the report.
 */
import { type EndpointAddress, formatAddress } from "../errors/errors.ts";
import type { FailoverFigures, RehearsalProgress } from "../testing/rehearsal/rehearse-failover.ts";
import type { Waiting } from "../transport/transport-events.ts";

const BAR_WIDTH = 24;

export class DemoProgress {
  readonly #kills: number;
  readonly #silent: boolean;
  readonly #moving = process.stderr.isTTY === true;
  #survived = 0;

  constructor({ kills, silent }: { readonly kills: number; readonly silent: boolean }) {
    this.#kills = kills;
    this.#silent = silent;
  }

  /** `asks` is what the user has to do, if the group is the user's own. It is printed even when silent. */
  begin(title: string, asks: string | false): void {
    const begins = `Sending and receiving through ${title}`;
    if (asks !== false) this.#always(`${begins}; ${asks}`);
    else this.#line(`${begins}; its active member is crashed ${this.#kills} times`);
  }

  /** Prints an endpoint's answer, even when silent: the user looks for the member to start or stop. */
  answer(endpoint: EndpointAddress, answer: "session" | Error): void {
    if (answer === "session") this.#always(`  ${formatAddress(endpoint)} is active`);
    else this.#always(`  ${onOneLine(answer)}`);
  }

  /**
   * Prints how long no endpoint has been active, even when silent, and names the endpoints that drop every packet: those
   * have no answer that answer() could print.
   */
  waiting({ waitedMs, endpoints }: Waiting): void {
    const silent = endpoints.filter(({ code, pending }) => pending && code === "ATTEMPT_TIMEOUT");
    const parts = [`no endpoint is active for ${Math.round(waitedMs / 1000)} s`, ...silent.map(onOneLine)];
    this.#always(`  ${parts.join("; ")}`);
  }

  show({ failover, sent, confirmed, received }: RehearsalProgress): void {
    if (failover) this.#failover(failover);
    if (this.#silent || !this.#moving) return;
    const done = Math.round((BAR_WIDTH * this.#survived) / this.#kills);
    const bar = "█".repeat(done) + "░".repeat(BAR_WIDTH - done);
    process.stderr.write(`\r\x1b[K ${bar} sent ${sent}  confirmed ${confirmed}  received ${received}`);
  }

  end(): void {
    if (!this.#silent && this.#moving) process.stderr.write("\r\x1b[K");
  }

  #failover({ from, to, outageMs, resent }: FailoverFigures): void {
    this.#survived += 1;
    const figures = `outage ${outageMs.toFixed(0)} ms, ${resent} sends in doubt sent again`;
    this.#line(`  crash ${this.#survived}: ${formatAddress(from)} -> ${formatAddress(to)}, ${figures}`);
  }

  #line(text: string): void {
    if (!this.#silent) this.#always(text);
  }

  #always(text: string): void {
    process.stderr.write(this.#moving ? `\r\x1b[K${text}\n` : `${text}\n`);
  }
}

function onOneLine({ message }: Pick<Error, "message">): string {
  return message.replace(/\s*\n\s*/g, "; ");
}
