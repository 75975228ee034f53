/**
 * Holds a connection with a password, prints what a careless program might print, and crashes on an error of the
 * library.
 */
import { inspect } from "node:util";
import { createConnection } from "../../../src/connect/connect.ts";

const [uri = "", username = "", password = "", way = ""] = process.argv.slice(2);
const connection = createConnection(uri, { credentials: { username, password } });
connection.on("attempt", (attempt) => console.log(inspect(attempt, { depth: Infinity, showHidden: true })));

async function main(): Promise<void> {
  await connection.connect();
  console.log(inspect(connection, { depth: Infinity, showHidden: true }), JSON.stringify(connection), `${connection}`);
  console.log(inspect(connection, { depth: Infinity, showHidden: true, customInspect: false }));
  console.log(inspect(connection.state, { depth: Infinity, showHidden: true }));
  // The broker refuses this second connection, and the program crashes with that error.
  const other = createConnection(uri, { credentials: { username, password: `${password}, but wrong` } });
  if (way === "rejection") void other.connect();
  else {
    const error: unknown = await other.connect().catch((reason: unknown) => reason);
    setImmediate(() => {
      throw Object.assign(error as Error, { connection });
    });
  }
}

await main();
