/** Measures the time and the processor time of this process between two moments. */
import type { Latency, Measurement } from "./workload.ts";

export class Meter {
  readonly #startedAt = performance.now();
  readonly #cpu = process.cpuUsage();

  /** Call it at the second moment. */
  read(messages: number, sent: number, latencies: readonly number[] = []): Measurement {
    const elapsedMs = performance.now() - this.#startedAt;
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      messages,
      elapsedMs,
      cpuUsPerMessage: (user + system) / messages,
      rssMiB: process.memoryUsage.rss() / 2 ** 20,
      sent,
      ...(latencies.length > 0 && { latencyMs: latencyOf(latencies) }),
    };
  }
}

export function latencyOf(values: readonly number[]): Latency {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
