/**
 * Records what the library emits in any test, for the search for secrets after the run: every event of every emitter
 * and every error, in every form in which a program might print them. The record is bounded in time and size. Without
 * SECRETS_DIRECTORY nothing is recorded.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll } from "vitest";
import { IsolatedEmitter } from "../../../src/async/isolated-emitter.ts";
import { MasterSlaveError } from "../../../src/errors/errors.ts";

/** The most bytes recorded for one test file. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_RENDERING_MS = 500;
/** The most bytes of one rendering of an event or error. */
const MAX_TEXT = 64 * 1024;

function record(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const emitted = new Emitted(join(folder, `${process.pid}-${randomUUID()}.log`));
  hearErrors((error) => emitted.add(error));
  const { emit } = IsolatedEmitter.prototype;
  IsolatedEmitter.prototype.emit = function (this: IsolatedEmitter<string>, event: string, ...payload: unknown[]) {
    emitted.add(payload, event);
    return emit.call(this, event as never, ...(payload as never[]));
  } as typeof emit;
  afterAll(() => emitted.write());
}

/**
 * Only error constructors set `name`. Cause and message are set by then, and the other fields follow in the same turn.
 */
function hearErrors(listener: (error: MasterSlaveError) => void): void {
  Object.defineProperty(MasterSlaveError.prototype, "name", {
    configurable: true,
    set(this: MasterSlaveError, value: string) {
      Object.defineProperty(this, "name", { value, writable: true, enumerable: true, configurable: true });
      listener(this);
    },
  });
}

class Emitted {
  readonly #path: string;
  readonly #now = performance.now.bind(performance);
  #waiting: { readonly what: unknown; readonly event: string | undefined }[] = [];
  #texts = new Set<string>();
  #bytes = 0;
  #renderedMs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(what: unknown, event?: string): void {
    this.#waiting.push({ what, event });
    if (this.#waiting.length >= 100) this.write();
  }

  write(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { what, event } of waiting) {
      if (this.#bytes >= MAX_BYTES || this.#renderedMs >= MAX_RENDERING_MS) break;
      const from = this.#now();
      const text = renderings(what, event).join("\n");
      this.#renderedMs += this.#now() - from;
      if (this.#texts.has(text)) continue;
      this.#texts.add(text);
      this.#bytes += text.length;
    }
    appendFileSync(this.#path, [...this.#texts].join("\n"));
    this.#texts.clear();
  }
}

/** Returns all renderings that a log might use. */
function renderings(what: unknown, event: string | undefined): readonly string[] {
  const said = [
    event ?? "",
    textBy(() => inspect(what, { depth: Infinity, showHidden: true })),
    textBy(() => inspect(what)),
    textBy(() => JSON.stringify(what)),
  ];
  for (let error = what, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth += 1) {
    const each = error;
    said.push(
      textBy(() => String(each)),
      textBy(() => each.stack),
      textBy(() => JSON.stringify(each)),
    );
  }
  return said.map((text) => text.slice(0, MAX_TEXT));
}

/**
 * Returns an empty text if the value cannot be rendered: sessions contain cycles, and some tests throw objects that
 * throw when they are read.
 */
function textBy(show: () => string | undefined): string {
  try {
    return show() ?? "";
  } catch {
    return "";
  }
}

const directory = process.env["SECRETS_DIRECTORY"];
if (directory) record(join(directory, "emitted"));
