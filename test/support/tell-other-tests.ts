/** Prints at the end of `npm test` which tests it has left out. */
export function teardown(): void {
  if (process.env["npm_lifecycle_event"] !== "test") return;
  console.log(
    "npm run test:all adds: thousands of random programs, failovers and hostile conversations, every feature on pairs of real brokers, failovers that are timed, and broken networks.",
  );
}
