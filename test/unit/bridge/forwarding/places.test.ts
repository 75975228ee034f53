import { expect, it } from "vitest";
import { Places } from "../../../../src/bridge/forwarding/places.ts";

it("of many who wait at once no more get a place than there are", async () => {
  const places = new Places(3);
  let taken = 0;
  for (let n = 0; n < 10; n += 1) void places.take().then((got) => (taken += got ? 1 : 0));
  await new Promise((resolve) => setImmediate(resolve));
  expect([taken, places.areTaken]).toEqual([3, true]);
  places.giveBack(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect([taken, places.areTaken]).toEqual([5, true]);
  places.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBe(5);
  expect(await places.take()).toBe(false);
});
