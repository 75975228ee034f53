import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { claimPorts } from "../../../../src/testing/group/claimed-ports.ts";

describe("claimPorts", () => {
  it("gives ports below 32768 that nothing listens on", async () => {
    const { ports, release } = await claimPorts(5);
    try {
      expect(new Set(ports).size).toBe(5);
      for (const port of ports) {
        expect(port).toBeLessThan(32_768);
        const server = createServer().listen(port, "127.0.0.1");
        await once(server, "listening");
        server.close();
      }
    } finally {
      await release();
    }
  });

  it("never gives the same port to two at a time", async () => {
    const claims = await Promise.all(Array.from({ length: 50 }, () => claimPorts(5)));
    const ports = claims.flatMap((claim) => claim.ports);
    expect(new Set(ports).size).toBe(250);
    await Promise.all(claims.map((claim) => claim.release()));
  });
});
