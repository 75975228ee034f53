/** Tries one feature and reports the result. */
import { type Feature, refusalOf, type Trial } from "../../support/features/feature.ts";
import { Remark } from "../../support/features/sending-features.ts";
import { type Finding, stableReason } from "./feature-table.ts";

/** Rejects if the feature neither works nor is refused with a reason. Closes the trial. */
export async function tryFeature({ attempt }: Feature, trial: Trial): Promise<Finding> {
  try {
    await attempt(trial);
    return { kind: "works" };
  } catch (reason) {
    const refusal = refusalOf(reason);
    if (refusal !== undefined) return { kind: "refused", reason: stableReason(refusal) };
    if (reason instanceof Remark) return { kind: "remark", text: reason.message };
    throw reason;
  } finally {
    await trial.end();
  }
}
