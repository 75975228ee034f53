// What the examples share: the URI of your group, what they wait for and errors in one line. A program of yours has its own ways for both.

process.on("uncaughtException", (error) => {
  const { code, message } = error instanceof Error ? error : new Error(String(error));
  console.error(`${code ? `${code}: ` : ""}${message.replace(/:\s*\n\s*/g, ": ").replace(/\s*\n\s*/g, "; ")}`);
  process.exit(1);
});

/** The environment variable MASTERSLAVE_URI; without it the example says so and ends. */
export function brokerUri() {
  const uri = process.env.MASTERSLAVE_URI?.trim();
  if (uri) return uri;
  console.error("Set MASTERSLAVE_URI to your brokers, such as masterslave:(stomp://a:61613,stomp://b:61613)");
  process.exit(2);
}

/** For the event `waiting`: one line with what each endpoint answered last. */
export function tellWaiting({ waitedMs, endpoints }) {
  const answers = endpoints.map(({ message }) => message.replace(/\s*\n\s*/g, "; "));
  console.error(`waiting for ${Math.round(waitedMs / 1000)} s: ${answers.join("; ")}`);
}
