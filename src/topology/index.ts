/** Networks of groups: described, checked, planned, drawn, exported, simulated and read back. */
export { ConfigError } from "../config/config-error.ts";
export type { Finding, Severity } from "../config/finding.ts";
export { type CheckTopologyOptions, checkTopology } from "./check/check-topology.ts";
export { sarifOf } from "./check/sarif.ts";
export { type ReadTopologyOptions, readTopology, readTopologyFile } from "./description/read-topology.ts";
export type {
  Connector,
  ConnectorKind,
  ConnectorSecret,
  DestinationPolicy,
  Group,
  Host,
  Member,
  PortName,
  Product,
  Topology,
} from "./description/topology.ts";
export { topologyJsonSchema } from "./description/topology-json-schema.ts";
export type { DrillMember, DrillReport } from "./drill/drill-report.ts";
export { type DrillTopologyOptions, drillTopology, type ProbeRequest } from "./drill/drill-topology.ts";
export { type ExportTarget, type ExportTopologyOptions, exportTopology } from "./export/export-topology.ts";
export { type GenerateTopologyOptions, generateTopology, type NetworkShape } from "./generate/generate-topology.ts";
export {
  type BrokerPlan,
  type ConnectorPlan,
  type GroupPlan,
  planTopology,
  type TopologyPlan,
} from "./plan/plan-topology.ts";
export type { AskOptions, MemberAnswer } from "./probe/ask-member.ts";
export { diffTopology } from "./probe/diff-topology.ts";
export {
  type NetworkProbe,
  type ProbedConnector,
  type ProbeTopologyOptions,
  probeTopology,
  type UnplannedConnector,
} from "./probe/probe-topology.ts";
export {
  type BrokerFiles,
  type ReadBrokerXmlOptions,
  type ReadBrokerXmlResult,
  readBrokerXml,
} from "./read/read-broker-xml.ts";
export { type RenderFormat, type RenderTopologyOptions, renderTopology } from "./render/render-topology.ts";
export {
  type MemberState,
  type NetworkState,
  type SimulateTopologyOptions,
  type Simulation,
  simulateTopology,
} from "./simulate/simulate-topology.ts";
