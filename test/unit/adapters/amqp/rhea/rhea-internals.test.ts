import { describe, expect, it } from "vitest";
import { checkRheaVersion } from "../../../../../src/adapters/amqp/rhea/rhea-internals.ts";
import { UnsupportedError } from "../../../../../src/errors/errors.ts";

describe("the version of rhea", () => {
  it("that this package was written for is taken", () => {
    expect(() => checkRheaVersion("3.0.5")).not.toThrow();
  });

  it.each(["3.0.4", "3.1.0", "4.0.0", undefined])("%s is refused with the version needed and what to do", (version) => {
    expect(() => checkRheaVersion(version)).toThrow(UnsupportedError);
    expect(() => checkRheaVersion(version)).toThrow(/needs rhea 3\.0\.5.*package\.json/);
  });
});
