/**
 * Allows two links of one name in a session, one in each direction, as AMQP 1.0 section 2.6.1 permits and Proton does
 * by default. rhea 3.0.5 stores a session's links by name alone and throws at the second attach.
 */
import type { Connection } from "rhea";

interface Attach {
  readonly name: string;
  /** True when the client receives. */
  readonly role?: boolean;
}

interface Frame {
  readonly channel: number;
  readonly performative: Attach;
}

interface FiledLink {
  readonly name: string;
  readonly local: { readonly handle: number };
  readonly remote: { readonly handle: number };
  is_sender(): boolean;
  is_remote_open(): boolean;
}

interface FilingSession {
  readonly links: Record<string, FiledLink>;
  readonly local: { readonly handles: Record<number, FiledLink> };
  readonly remote: { readonly handles: Record<number, FiledLink> };
  remove_link(link: FiledLink): void;
}

interface FilingConnection {
  on_attach(frame: Frame): void;
  readonly remote_channel_map: Readonly<Record<number, FilingSession | undefined>>;
}

/**
 * The name under which the link of the other direction is stored. No AMQP library makes names that begin with a NUL.
 */
const aside = (name: string) => `\0${name}`;

export function fileLinksByRole(connection: Connection): void {
  const target = connection as unknown as FilingConnection;
  const onAttach = target.on_attach.bind(connection);
  target.on_attach = (frame) => {
    const session = target.remote_channel_map[frame.channel];
    const link = session && bringForward(session, frame.performative);
    if (link?.is_remote_open()) refuse(connection, frame.performative);
    else onAttach(frame);
  };
}

/** Puts the link of the attach's direction where rhea looks for it; returns it if it exists. */
function bringForward(session: FilingSession, { name, role = false }: Attach): FiledLink | undefined {
  if (!Object.hasOwn(session, "remove_link")) session.remove_link = (link) => removeLink(session, link);
  const { links } = session;
  const filed = [links[name], links[aside(name)]].filter((link) => link !== undefined);
  if (filed.length === 0) return undefined;
  const wanted = filed.find((link) => link.is_sender() === role);
  const other = filed.find((link) => link.is_sender() !== role);
  delete links[name];
  delete links[aside(name)];
  if (wanted) links[name] = wanted;
  if (other) links[aside(name)] = other;
  return wanted;
}

/** Like rhea's Session.remove_link, but it never removes the link of the other direction. */
function removeLink(session: FilingSession, link: FiledLink): void {
  delete session.remote.handles[link.remote.handle];
  delete session.local.handles[link.local.handle];
  for (const key of [link.name, aside(link.name)]) if (session.links[key] === link) delete session.links[key];
}

function refuse(connection: Connection, { name, role }: Attach): void {
  const direction = role ? "receiver" : "sender";
  const description = `This session has an attached ${direction} named "${name}" already`;
  connection.close({ condition: "amqp:not-allowed", description });
}
