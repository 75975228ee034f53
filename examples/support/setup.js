// Shared by the examples: reads your group's URI, and prints what they wait for and errors in one line each.
// Your own program will do this in its own way.

process.on("uncaughtException", (error) => {
  const { code, message } = error instanceof Error ? error : new Error(String(error));
  console.error(`${code ? `${code}: ` : ""}${message.replace(/:\s*\n\s*/g, ": ").replace(/\s*\n\s*/g, "; ")}`);
  process.exit(1);
});

/** Returns the environment variable MASTERSLAVE_URI. If it is not set, the example says so and exits. */
export function brokerUri() {
  const uri = process.env.MASTERSLAVE_URI?.trim();
  if (uri) return uri;
  console.error("Set MASTERSLAVE_URI to your brokers, such as masterslave:(stomp://a:61613,stomp://b:61613)");
  process.exit(2);
}

/** A listener for the event `waiting` that prints one line with the last answer of each endpoint. */
export function tellWaiting({ waitedMs, endpoints }) {
  const answers = endpoints.map(({ message }) => message.replace(/\s*\n\s*/g, "; "));
  console.error(`waiting for ${Math.round(waitedMs / 1000)} s: ${answers.join("; ")}`);
}

/** Prints one line when the connection loses its broker, and one when it is on the next. */
export function tellFailovers(connection) {
  connection.on("interrupted", ({ endpoint }) =>
    console.log(`lost ${endpoint.host}:${endpoint.port}, looking for the next`),
  );
  connection.on("restored", ({ endpoint, outageMs }) =>
    console.log(`on ${endpoint.port} after ${outageMs.toFixed(0)} ms`),
  );
}
