/**
 * Makes rhea visit only those AMQP sessions that have something to do. By itself it visits all sessions whenever one
 * has, and looks for a free channel from the first on. With a session per link, the cost of both grows with the square
 * of their number.
 */
import { UnsupportedError } from "../../../errors/errors.ts";
import type { RheaConnection, RheaSession } from "./rhea-internals.ts";

/** The connection as one of its sessions sees it: it notes which session asked to be visited. */
interface SessionView {
  local_channel_map: Record<number, RheaSession>;
  session: RheaSession | undefined;
  due: boolean;
}

/** The meaning of an open frame without channel-max (AMQP 1.0, 2.7.1). */
const MAX_CHANNEL = 65_535;

/** The replaced methods, which visit dirty sessions only. */
export function dirtySessions(connection: RheaConnection): Partial<RheaConnection> {
  const channels = new Channels(connection);
  const { create_session: createSession, remove_session: removeSession } = connection;
  let due: SessionView[] = [];
  // Methods that change the connection or pass it on are called on the connection itself.
  const shared = Object.assign(Object.create(connection) as RheaConnection, {
    dispatch: (...event: readonly unknown[]) => connection.dispatch(...event),
    remove_session: (session: RheaSession) => connection.remove_session(session),
    _context: (context?: object) => connection._context(context),
    _write_frame: (...frame: readonly unknown[]) => connection._write_frame(...frame),
    _register(this: SessionView) {
      if (!this.due) {
        this.due = true;
        due.push(this);
      }
      connection._register();
    },
  });
  return {
    create_session(bufferSize) {
      const channel = channels.take();
      const view = viewOn(shared);
      const session = createSession.call(view as unknown as RheaConnection, bufferSize);
      view.local_channel_map = connection.local_channel_map;
      view.session = session;
      return putOn(connection, channel, session);
    },
    remove_session(session) {
      const { channel } = session.local;
      if (connection.local_channel_map[channel] === session) channels.giveBack(channel);
      removeSession.call(connection, session);
    },
    /** rhea's own _process visits every session of the connection. */
    _process() {
      connection.registered = false;
      do {
        if (connection.state.need_open()) connection._write_open();
        const views = due;
        due = [];
        for (const view of views) {
          view.due = false;
          const { session } = view;
          if (session && connection.local_channel_map[session.local.channel] === session) session._process();
        }
        if (connection.state.need_close()) connection._write_close();
      } while (!connection.state.has_settled());
    },
  };
}

function putOn(connection: RheaConnection, channel: number, session: RheaSession): RheaSession {
  session.local.channel = channel;
  connection.local_channel_map[channel] = session;
  return session;
}

function viewOn(shared: RheaConnection): SessionView {
  // rhea finds its first channel free.
  return Object.assign(Object.create(shared), { local_channel_map: {}, session: undefined, due: false });
}

/** The channels of a connection, assigned from the lowest free one. */
class Channels {
  readonly #connection: RheaConnection;
  #taken = 0;
  /** All channels below this one are in use. */
  #lowest = 0;

  constructor(connection: RheaConnection) {
    this.#connection = connection;
  }

  /** @throws UnsupportedError when the peer allows no more. */
  take(): number {
    const { channel_max: max, local_channel_map: sessions } = this.#connection;
    const highest = max ?? MAX_CHANNEL;
    if (this.#taken > highest)
      throw new UnsupportedError(`The broker takes no more than ${highest + 1} links of one connection (channel-max)`);
    while (sessions[this.#lowest]) this.#lowest += 1;
    this.#taken += 1;
    return this.#lowest++;
  }

  giveBack(channel: number): void {
    this.#taken -= 1;
    this.#lowest = Math.min(this.#lowest, channel);
  }
}
