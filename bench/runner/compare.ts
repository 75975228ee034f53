/**
 * Computes the figures of a question from its rounds: medians, spread, and the ratio of ours to each peer, round by
 * round.
 */
import type { Measurement } from "../driver/workload.ts";
import { median } from "../statistics.ts";
import type { Figure, Goal } from "./question.ts";

/** The measurement of each peer in one round, by the peer's name. */
export type Round = Readonly<Record<string, Measurement>>;

export interface PeerSummary {
  readonly peer: string;
  readonly ratePerSecond: number;
  readonly rateRange: readonly [least: number, most: number];
  readonly cpuUsPerMessage: number;
  readonly rssMiB: number;
  readonly p50Ms: number | undefined;
  /** The median over the rounds of the ratio ours/peer. */
  readonly ratio: number;
}

export function figureOf(measurement: Measurement, figure: Figure): number {
  if (figure === "cpu") return measurement.cpuUsPerMessage;
  if (figure === "latency") return measurement.latencyMs?.p50 ?? Number.NaN;
  return rateOf(measurement);
}

export function summarize(rounds: readonly Round[], ours: string, figure: Figure): readonly PeerSummary[] {
  return Object.keys(rounds[0] ?? {}).map((peer) => {
    const measured = rounds.map((round) => round[peer] as Measurement);
    const rates = measured.map(rateOf);
    const ratios = rounds.map((round) => {
      return figureOf(round[ours] as Measurement, figure) / figureOf(round[peer] as Measurement, figure);
    });
    const p50s = measured.flatMap(({ latencyMs }) => latencyMs?.p50 ?? []);
    return {
      peer,
      ratePerSecond: median(rates),
      rateRange: [Math.min(...rates), Math.max(...rates)],
      cpuUsPerMessage: median(measured.map(({ cpuUsPerMessage }) => cpuUsPerMessage)),
      rssMiB: median(measured.map(({ rssMiB }) => rssMiB)),
      p50Ms: p50s.length > 0 ? median(p50s) : undefined,
      ratio: median(ratios),
    };
  });
}

export function isMet({ least, most }: Goal, ratio: number): boolean {
  return ratio >= (least ?? Number.NEGATIVE_INFINITY) && ratio <= (most ?? Number.POSITIVE_INFINITY);
}

function rateOf({ messages, elapsedMs }: Measurement): number {
  return (messages / elapsedMs) * 1_000;
}
