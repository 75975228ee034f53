import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** A JMS client that does what lines of JSON on standard input ask for, and answers in lines of JSON: see client-process.ts. */
public final class JmsPeer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final Connection connection;
  private final Session session;

  private JmsPeer(ConnectionFactory factory, String user, String password) throws Exception {
    connection = factory.createConnection(user, password);
    session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    connection.start();
  }

  /** Arguments: activemq or qpid, the URL, user, password. */
  public static void main(String[] arguments) throws Exception {
    JmsPeer peer = new JmsPeer(factory(arguments[0], arguments[1]), arguments[2], arguments[3]);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        peer.run(JSON.readTree(line), answer);
      } catch (Exception failure) {
        answer.put("error", failure.toString());
      }
      System.out.write((JSON.writeValueAsString(answer) + "\n").getBytes(StandardCharsets.UTF_8));
      System.out.flush();
    }
    // Not closed: the process ends, and a broker that is stuck must not keep it.
    Runtime.getRuntime().halt(0);
  }

  private static ConnectionFactory factory(String client, String url) {
    if (client.equals("activemq")) return new org.apache.activemq.ActiveMQConnectionFactory(url);
    return new org.apache.qpid.jms.JmsConnectionFactory(url);
  }

  private void run(JsonNode command, ObjectNode answer) throws Exception {
    switch (command.get("op").asText()) {
      case "send" -> answer.put("id", send(command, null).getJMSMessageID());
      case "receive" -> answer.set("message", show(receive(destination(command), command)));
      case "request" -> answer.set("message", show(request(command)));
      case "respond" -> answer.set("message", show(respond(command)));
      default -> throw new IllegalArgumentException("Unknown operation in " + command);
    }
  }

  private Message send(JsonNode command, Destination replyTo) throws Exception {
    JsonNode spec = command.get("message");
    Message message = MessageJson.write(session, spec);
    if (replyTo != null) message.setJMSReplyTo(replyTo);
    else if (spec.has("replyTo")) message.setJMSReplyTo(named(spec.get("replyTo").asText()));
    try (MessageProducer producer = session.createProducer(destination(command))) {
      if (spec.has("delayMs")) delay(message, producer, spec.get("delayMs").asLong());
      boolean persistent = !spec.has("persistent") || spec.get("persistent").asBoolean();
      int mode = persistent ? DeliveryMode.PERSISTENT : DeliveryMode.NON_PERSISTENT;
      int priority = spec.has("priority") ? spec.get("priority").asInt() : Message.DEFAULT_PRIORITY;
      producer.send(message, mode, priority, spec.has("ttlMs") ? spec.get("ttlMs").asLong() : 0);
    }
    return message;
  }

  /** ActiveMQ's client has no delivery delay of JMS 2.0: its users set a property that the broker reads. */
  private void delay(Message message, MessageProducer producer, long delayMs) throws Exception {
    if (session instanceof org.apache.activemq.ActiveMQSession) message.setLongProperty("AMQ_SCHEDULED_DELAY", delayMs);
    else producer.setDeliveryDelay(delayMs);
  }

  private Message receive(Destination destination, JsonNode command) throws Exception {
    try (MessageConsumer consumer = session.createConsumer(destination)) {
      return consumer.receive(command.get("timeoutMs").asLong());
    }
  }

  /** The answer comes to a temporary queue, as JMS's QueueRequestor does it. */
  private Message request(JsonNode command) throws Exception {
    Destination replies = session.createTemporaryQueue();
    try (MessageConsumer consumer = session.createConsumer(replies)) {
      send(command, replies);
      return consumer.receive(command.get("timeoutMs").asLong());
    }
  }

  /** Takes one request and answers where it says, with its correlation id, or its id where it has none. */
  private Message respond(JsonNode command) throws Exception {
    Message request = receive(destination(command), command);
    if (request == null) return null;
    Message reply = MessageJson.write(session, command.get("message"));
    String correlation = request.getJMSCorrelationID();
    reply.setJMSCorrelationID(correlation != null ? correlation : request.getJMSMessageID());
    try (MessageProducer producer = session.createProducer(request.getJMSReplyTo())) {
      producer.send(reply);
    }
    return request;
  }

  private JsonNode show(Message message) throws Exception {
    return message == null ? JSON.nullNode() : MessageJson.read(JSON.createObjectNode(), message);
  }

  private Destination destination(JsonNode command) throws Exception {
    return named(command.get("destination").asText());
  }

  private Destination named(String text) throws Exception {
    if (text.startsWith("topic://")) return session.createTopic(text.substring("topic://".length()));
    return session.createQueue(text.substring("queue://".length()));
  }
}
