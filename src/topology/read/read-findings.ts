/** The findings of reading brokers' XML, besides those of `check` about the network. */
import type { Severity } from "../../config/finding.ts";

interface ReadFinding {
  readonly severity: Severity;
  /** When it is reported, in one sentence. */
  readonly condition: string;
}

/** The codes of findings of reading. docs/topology-findings.md is printed from this. */
export const READ_FINDINGS = {
  XML_SYNTAX: { severity: "error", condition: "The file is not well-formed XML." },
  XML_TOO_LARGE: { severity: "error", condition: "The file is larger than 10 MiB." },
  XML_ENTITY: { severity: "error", condition: "The file declares entities, which are never expanded." },
  NO_BROKER: { severity: "warning", condition: "The file has neither a <broker> nor a <core> element." },
  DEPENDS_ON_PLACEHOLDER: {
    severity: "info",
    condition:
      "A value depends on a placeholder without a default, and findings about it may be wrong; give it with --set.",
  },
  DISCOVERY_NOT_FOLLOWED: {
    severity: "info",
    condition:
      "A connector finds its brokers at run time (multicast, k8s, ldap …), so that its targets are not in the files.",
  },
  TARGET_UNKNOWN: { severity: "info", condition: "A connector leads to an address that belongs to none of the files." },
  IMPORT_NOT_FOLLOWED: { severity: "info", condition: "The file imports another one; give that one as well." },
  UNKNOWN_ELEMENT: { severity: "warning", condition: "A connector has a child element that the broker does not know." },
  NOT_MODELLED: { severity: "info", condition: "The file has a part that descriptions cannot hold." },
} as const satisfies Readonly<Record<string, ReadFinding>>;

export type ReadFindingCode = keyof typeof READ_FINDINGS;
