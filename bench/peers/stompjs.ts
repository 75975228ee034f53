/** @stomp/stompjs over TCP, with its own wrapper. */
import { Client } from "@stomp/stompjs";
import { TCPWrapper } from "@stomp/tcp-wrapper";
import { type BenchPeer, fail } from "../driver/bench-peer.ts";
import { checkBody } from "../driver/ours.ts";
import { runPeer } from "../driver/run-peer.ts";
import { sendHeaders, subscribeHeaders } from "../driver/stomp-headers.ts";
import type { Workload } from "../driver/workload.ts";

await runPeer(open);

async function open(workload: Workload): Promise<BenchPeer> {
  const { endpoint, credentials, bodyBytes } = workload;
  const client = await connected(endpoint, credentials);
  const binaryBody = new Uint8Array(bodyBytes).fill(0x78);
  const { destination = "", ...headers } = sendHeaders(workload);
  let receipts = 0;
  return {
    send(done) {
      receipts += 1;
      const receipt = String(receipts);
      client.watchForReceipt(receipt, done);
      client.publish({ destination, binaryBody, headers: { ...headers, receipt } });
    },
    receive(took) {
      const { destination: from = "", ...rest } = subscribeHeaders(workload);
      client.subscribe(
        from,
        (message) => {
          checkBody(message.binaryBody, bodyBytes);
          message.ack();
          took();
        },
        rest,
      );
    },
  };
}

function connected(endpoint: Workload["endpoint"], credentials: Workload["credentials"]): Promise<Client> {
  const { username: login, password: passcode } = credentials;
  return new Promise((resolve) => {
    const client = new Client({
      webSocketFactory: () => new TCPWrapper(endpoint.host, endpoint.port),
      connectHeaders: { login, passcode, host: endpoint.host },
      ...{ heartbeatIncoming: 0, heartbeatOutgoing: 0, reconnectDelay: 0 },
      onConnect: () => resolve(client),
      onStompError: fail,
      onWebSocketError: fail,
    });
    client.activate();
  });
}
