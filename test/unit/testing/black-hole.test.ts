import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { blackHole } from "../../../src/testing/index.ts";

function outcome(port: number, patienceMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const done = (text: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(done, patienceMs, "hangs");
    socket.once("connect", () => done("connected"));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? ""));
  });
}

describe("blackHole", () => {
  it("lets every connect hang, and frees its port when it is closed", async () => {
    const hole = await blackHole();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(hole.port, 1500)));
    expect(new Set(outcomes)).toEqual(new Set(["hangs"]));
    await Promise.all([hole.close(), hole.close()]);
    expect(await outcome(hole.port, 1500)).toBe("ECONNREFUSED");
  });
});

it("close() settles in a program that has nothing else to do", async () => {
  const program = `import { blackHole } from "masterslave-transport/testing";
    const hole = await blackHole();
    await hole.close();
    console.log("closed");`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  expect(stdout).toBe("closed\n");
});
