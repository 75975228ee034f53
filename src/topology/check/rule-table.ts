/** Every rule of `check`, in the order of its findings. */
import { CONNECTOR_RULES } from "./connector-rules.ts";
import { HOST_RULES } from "./host-rules.ts";
import { IDENTITY_RULES } from "./identity-rules.ts";
import { PATH_RULES } from "./path-rules.ts";
import type { Rule } from "./rule.ts";
import { URI_RULES } from "./uri-rules.ts";

/** The rules with code, severity, condition, source and examples; docs/topology-findings.md is printed from this. */
export const RULES: readonly Rule[] = [
  ...HOST_RULES,
  ...IDENTITY_RULES,
  ...URI_RULES,
  ...PATH_RULES,
  ...CONNECTOR_RULES,
];
