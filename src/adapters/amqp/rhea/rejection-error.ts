/** What a broker gives as the reason of a rejection. */
import type { AmqpError, Delivery } from "rhea";

export function errorOf({ remote_state }: Delivery): AmqpError | undefined {
  const { error }: { error?: AmqpError } = remote_state ?? {};
  return error ?? undefined;
}
