/** The SASL mechanisms of a member: PLAIN, and ANONYMOUS if no credentials are required. */
import type { Credentials } from "../../../uri/endpoint.ts";

interface ServerMechanisms {
  enable_anonymous(): void;
  enable_plain(check: (username: string, password: string) => boolean): void;
}

export function offerMechanisms(
  mechanisms: ServerMechanisms,
  credentials: Credentials | undefined,
  onRefused: () => void,
): void {
  mechanisms.enable_plain((username, password) => {
    const known = !credentials || (username === credentials.username && password === credentials.password);
    if (!known) onRefused();
    return known;
  });
  if (!credentials) mechanisms.enable_anonymous();
}
