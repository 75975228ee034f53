// node examples/bridge.js
import { connect } from "masterslave-transport";
import { createBridge } from "masterslave-transport/bridge";
import { embeddedGroup } from "masterslave-transport/testing";
import "./support/setup.js";

const north = await embeddedGroup({ members: 2, protocols: ["amqp"] });
const south = await embeddedGroup({ members: 2, protocols: ["stomp"] });
const bridge = createBridge({
  groups: { north: { uri: north.uri("amqp") }, south: { uri: south.uri("stomp") } },
  links: {
    orders: {
      from: "north",
      to: "south",
      include: ["queue://orders"],
      map: (message) => ({ properties: { length: message.text().length } }),
    },
  },
});
bridge.on("link", ({ name, state, reason }) => console.log(name, state, reason ?? ""));
try {
  await bridge.start();
  const connection = await connect(north.uri("amqp"));
  await connection.send("queue://orders", "1 hammer");
  await south.failover(); // the target's active member is killed; the bridge follows
  await connection.send("queue://orders", "2 saws");
  await connection.close();
  const consumer = await connect(south.uri("stomp"));
  for await (const delivery of consumer.consume("queue://orders")) {
    console.log(delivery.message.text(), delivery.message.properties.length);
    await delivery.accept();
    if (delivery.message.text() === "2 saws") break;
  }
  await consumer.close();
} finally {
  await bridge.close();
  await Promise.all([north.close(), south.close()]);
}
