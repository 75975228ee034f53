/** Reads a configuration file from the disk. */
import { readFile } from "node:fs/promises";
import { type ConfigDocument, findingsOf } from "./config-document.ts";
import { type ReadConfigTextOptions, readConfigText } from "./read-config-text.ts";

/** Reads and parses the file. Never rejects: a file that cannot be read is the finding CONFIG_UNREADABLE. */
export async function readConfigFile(
  file: string | URL,
  { env }: Pick<ReadConfigTextOptions, "env"> = {},
): Promise<ConfigDocument> {
  const name = String(file);
  try {
    return readConfigText((await readFile(file, "utf8")).replace(/^\uFEFF/, ""), { file: name, env });
  } catch (reason) {
    const code = reason instanceof Error && "code" in reason ? String(reason.code) : String(reason);
    const finding = findingsOf(name, () => undefined);
    const message = `The file cannot be read: ${code}`;
    const advice =
      code === "ENOENT" ? "Check the path, which counts from the working directory" : "Check its permissions";
    return {
      value: undefined,
      file: name,
      finding,
      findings: [finding({ code: "CONFIG_UNREADABLE", path: [], message, advice })],
    };
  }
}
