/** The kill matrix's single run: a rehearsal on a pair of real brokers. */
import {
  type CrashableGroup,
  type RehearsalReport,
  rehearseFailover,
} from "../../../src/testing/rehearsal/rehearse-failover.ts";
import { MEMBER_NAMES, type MemberName, type Protocol, type RealGroup } from "../group-contract.ts";

/** Runs one combination on a started group, which it leaves running. */
export function runKills(
  group: RealGroup,
  protocol: Protocol,
  {
    rounds,
    loadMs,
    prefix = "",
    window = 1000,
    onRound,
  }: {
    readonly rounds: number;
    readonly loadMs: number;
    readonly prefix?: string;
    readonly window?: number;
    readonly onRound: (line: string) => void;
  },
): Promise<RehearsalReport> {
  let round = 0;
  return rehearseFailover(asCrashable(group, protocol), {
    kills: rounds,
    loadMs,
    window,
    name: `${prefix}kill.${protocol}.${Date.now()}`,
    onProgress: ({ failover }) => {
      if (!failover) return;
      round += 1;
      const { inFlight, recoveryMs, outageMs, resent } = failover;
      onRound(
        `${round}: ${inFlight} in flight, open again after ${Math.round(outageMs)} ms, confirmed again after ${Math.round(recoveryMs)} ms, ${resent} resent`,
      );
    },
  });
}

export function asCrashable(group: RealGroup, protocol: Protocol): CrashableGroup {
  let crashed: MemberName = "a";
  return {
    uri: group.uri(protocol),
    credentials: group.credentials,
    crash: ({ port }) => {
      crashed = MEMBER_NAMES.find((member) => group.endpoint(member, protocol).port === port) ?? crashed;
      return group.kill(crashed);
    },
    mend: () => group.start(crashed),
  };
}
