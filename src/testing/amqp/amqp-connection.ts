/** One client's AMQP 1.0 connection, served by rhea: SASL, open, links, close. */
import type { Socket } from "node:net";
import type { Connection, EventContext, Receiver, Sender, Session } from "rhea";
import type { Destination } from "../../messaging/messages/destination.ts";
import type { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import { Refusal } from "../destinations/refusal.ts";
import {
  gatheringSocket,
  HANDSHAKE_TIMEOUT_MS,
  isCongested,
  type MemberConnection,
  type MemberConnectionOptions,
} from "../member/member-connection.ts";
import { PRODUCT, VERSION } from "../product.ts";
import { type AttachedSource, attachSource } from "./attached-source.ts";
import { Coordinators } from "./coordinator.ts";
import { serveIncoming } from "./incoming-link.ts";
import { OutgoingLink } from "./outgoing-link.ts";
import { holdAttach, holdDetach } from "./rhea/held-link.ts";
import { accept, createContainer, createServerConnection, isClosedForGood, stopTimers } from "./rhea/rhea-server.ts";
import { offerMechanisms } from "./rhea/server-mechanisms.ts";
import { TemporaryAddresses } from "./temporary-addresses.ts";
import { type TargetRequest, targetOf } from "./terminus.ts";

/** The frame size that both brokers use. */
const MAX_FRAME_BYTES = 131_072;
/** rhea's table of unsettled deliveries per session; its default of 2048 would block a client with more credit. */
const SESSION_DELIVERIES = 65_536;
/** Error events of rhea; without a listener they would end the process. */
const ERROR_EVENTS = ["error", "protocol_error", "connection_error", "session_error", "sender_error", "receiver_error"];

export class AmqpConnection implements MemberConnection {
  readonly #raw: Socket;
  readonly #socket: EndpointSocket;
  readonly #options: MemberConnectionOptions;
  readonly #connection: Connection;
  readonly #links = new Set<OutgoingLink>();
  readonly #coordinators: Coordinators;
  readonly #temporary: TemporaryAddresses;
  readonly #deadline: NodeJS.Timeout;
  #live = true;

  constructor(socket: Socket, options: MemberConnectionOptions) {
    this.#raw = socket;
    this.#options = options;
    this.#coordinators = new Coordinators({
      destinations: options.destinations,
      isLive: () => this.#live,
      settleRead: () => {
        for (const link of this.#links) link.settleRead();
      },
    });
    this.#temporary = new TemporaryAddresses(options.destinations.queues);
    this.#socket = gatheringSocket(socket, "amqp");
    this.#deadline = setTimeout(() => this.#socket.destroy(new Error("No open in time")), HANDSHAKE_TIMEOUT_MS);
    socket.on("drain", () => {
      for (const link of this.#links) link.resume();
    });
    this.#connection = this.#accept();
  }

  #accept(): Connection {
    const container = createContainer(PRODUCT);
    offerMechanisms(container.sasl_server_mechanisms, this.#options.credentials, () => this.#refuseLogin());
    const options = {
      container_id: PRODUCT,
      properties: { product: PRODUCT, version: VERSION },
      offered_capabilities: ["ANONYMOUS-RELAY", "DELAYED_DELIVERY"],
      max_frame_size: MAX_FRAME_BYTES,
      session_buffer_size: SESSION_DELIVERIES,
      idle_time_out: this.#options.idleTimeoutMs,
      receiver_options: {
        credit_window: 0,
        autoaccept: false,
        max_message_size: this.#options.maxMessageBytes,
      },
      sender_options: { treat_modified_as_released: false },
      reconnect: false,
    };
    const connection = createServerConnection(container, options);
    for (const event of ERROR_EVENTS) connection.on(event, () => {});
    connection.on("connection_open", () => clearTimeout(this.#deadline));
    connection.on("receiver_open", ({ receiver }: EventContext) => receiver && this.#onSendingClient(receiver));
    connection.on("sender_open", ({ sender }: EventContext) => sender && this.#onReceivingClient(sender));
    connection.on("session_close", ({ session }: EventContext) => session && this.#end(session));
    connection.on("connection_close", () => this.#end());
    connection.on("disconnected", () => {});
    accept(connection, this.#socket);
    return connection;
  }

  /** rhea sends the outcome in the microtasks of this turn, and leaves the socket open. */
  #refuseLogin(): void {
    setImmediate(() => this.#socket.end());
  }

  #onSendingClient(receiver: Receiver): void {
    refusing(receiver, () => {
      const request = targetOf(receiver);
      receiver.set_source(receiver.source);
      if (request.kind === "coordinator") {
        this.#coordinators.serve(receiver);
        return;
      }
      if (request.kind !== "dynamic") receiver.set_target(receiver.target);
      serveIncoming(receiver, {
        ...this.#options,
        destination: this.#destinationOf(request, receiver),
        transactionOf: (id) => this.#coordinators.get(id),
        isLive: () => this.#live,
      });
    });
  }

  #destinationOf(
    request: Exclude<TargetRequest, { kind: "coordinator" }>,
    receiver: Receiver,
  ): Destination | undefined {
    if (request.kind === "anonymous") return undefined;
    return request.kind === "dynamic" ? this.#temporaryTarget(receiver) : request.destination;
  }

  #temporaryTarget(receiver: Receiver): Destination {
    const { name } = this.#temporary.create();
    receiver.set_target({ ...receiver.target, address: `temp-queue://${name}`, dynamic: true });
    receiver.on("receiver_close", () => this.#temporary.remove(name));
    return { kind: "temp-queue", name };
  }

  #onReceivingClient(sender: Sender): void {
    refusing(sender, () => {
      const { destinations } = this.#options;
      const clientId = this.#connection.container_id;
      const source = attachSource(sender, { destinations, temporary: this.#temporary, clientId });
      sender.set_target(sender.target);
      const link = new OutgoingLink(sender, {
        ...source,
        // A durable subscription exists once it is stored.
        whenAttached: (attached) => (source.durable ? this.#attachDurable(sender, attached) : attached()),
        findTransaction: (id) => this.#coordinators.find(id),
        isCongested: () => isCongested(this.#raw),
      });
      this.#links.add(link);
      sender.on("sender_close", () => {
        link.end();
        this.#links.delete(link);
        this.#unsubscribe(sender, source);
      });
    });
  }

  #attachDurable(sender: Sender, attached: () => void): void {
    holdAttach(sender, (onStored) =>
      this.#options.destinations.afterSends(() => {
        onStored();
        attached();
      }),
    );
  }

  /** A closing detach deletes the durable subscription, any other keeps it, as on both brokers. */
  #unsubscribe(sender: Sender, { durable }: AttachedSource): void {
    if (!durable || !isClosedForGood(sender)) return;
    const { destinations } = this.#options;
    destinations.unsubscribe(durable);
    holdDetach(sender, (onStored) => destinations.afterSends(onStored));
  }

  /** Ends those of one session, or all. */
  #end(session?: Session): void {
    for (const link of [...this.#links].filter((one) => !session || one.session === session)) {
      link.end();
      this.#links.delete(link);
    }
    // After the links, so that nothing is redelivered on a link that ends.
    this.#coordinators.end(session);
  }

  stop(): void {
    this.#end();
    if (!this.#connection.is_open()) {
      this.#socket.destroy(new Error("The member stops"));
      return;
    }
    this.#connection.close({ condition: "amqp:connection:forced", description: "The member stops" });
  }

  onGone(): void {
    this.#live = false;
    clearTimeout(this.#deadline);
    this.#end();
    this.#temporary.end();
    stopTimers(this.#connection);
    // rhea clears its timers only when it hears of an error.
    this.#socket.destroy(new Error("The socket is gone"));
  }
}

/** Runs `serve`; answers the attach with a detach that gives the reason if it is refused. */
function refusing(link: Sender | Receiver, serve: () => void): void {
  try {
    serve();
  } catch (cause) {
    const { condition, message } = Refusal.from(cause);
    link.close({ condition, description: message });
  }
}
