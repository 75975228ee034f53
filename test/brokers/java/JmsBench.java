import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import jakarta.jms.BytesMessage;
import jakarta.jms.CompletionListener;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.activemq.ActiveMQMessageProducer;
import org.apache.activemq.ActiveMQSession;
import org.apache.activemq.AsyncCallback;

/**
 * One measurement of a Java client: does the workload of bench/driver/workload.ts that standard input holds, prints one line of
 * JSON, and ends. Arguments: activemq or qpid, the URL, user, password.
 */
public final class JmsBench {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Qpid JMS has its own number for a session whose messages are acknowledged one by one. */
  private static final int QPID_INDIVIDUAL = 101;
  /** The virtual machine compiles what runs often: Node's processes need less of it. */
  private static final int WARM_UP_TIMES = 4;
  private static final double WARM_UP_SHARE = 0.5;

  private final boolean activemq;
  private final JsonNode workload;
  private final Session session;
  private final int window;

  private JmsBench(String client, Connection connection, JsonNode workload) throws JMSException {
    this.activemq = client.equals("activemq");
    this.workload = workload;
    this.window = workload.get("window").asInt();
    session = connection.createSession(activemq ? ActiveMQSession.INDIVIDUAL_ACKNOWLEDGE : QPID_INDIVIDUAL);
    connection.start();
  }

  public static void main(String[] arguments) throws Exception {
    JsonNode workload = JSON.readTree(System.in.readAllBytes());
    ConnectionFactory factory = arguments[0].equals("activemq")
        ? new org.apache.activemq.ActiveMQConnectionFactory(arguments[1])
        : new org.apache.qpid.jms.JmsConnectionFactory(arguments[1]);
    Connection connection = factory.createConnection(arguments[2], arguments[3]);
    JmsBench bench = new JmsBench(arguments[0], connection, workload);
    boolean sends = workload.get("kind").asText().equals("send");
    System.out.println(JSON.writeValueAsString(sends ? bench.measureSends() : bench.measureReceipt()));
    Runtime.getRuntime().halt(0);
  }

  private ObjectNode measureSends() throws Exception {
    MessageProducer producer = session.createProducer(session.createQueue(workload.get("destination").asText()));
    producer.setDeliveryMode(DeliveryMode.PERSISTENT);
    AtomicLong sent = new AtomicLong();
    send(producer, WARM_UP_TIMES * workload.get("warmUpMs").asLong(), sent, null);
    long before = sent.get();
    Meter meter = new Meter();
    long[] latencies = window == 1 ? new long[1 << 20] : null;
    send(producer, workload.get("measureMs").asLong(), sent, latencies);
    long count = sent.get() - before;
    ObjectNode measurement = meter.read(count, sent.get());
    if (latencies != null) addLatency(measurement, Arrays.copyOf(latencies, (int) Math.min(count, latencies.length)));
    return measurement;
  }

  /** Keeps the window full for so long, and returns when all is confirmed. */
  private void send(MessageProducer producer, long ms, AtomicLong sent, long[] latencies) throws Exception {
    byte[] body = new byte[workload.get("bodyBytes").asInt()];
    Arrays.fill(body, (byte) 'x');
    Semaphore room = new Semaphore(window);
    long end = System.nanoTime() + ms * 1_000_000;
    int nth = 0;
    while (System.nanoTime() < end) {
      room.acquire();
      BytesMessage message = session.createBytesMessage();
      message.writeBytes(body);
      long startedAt = System.nanoTime();
      sendOne(producer, message, room, sent);
      if (latencies == null) continue;
      // Window 1: the room comes back with the confirmation.
      room.acquire();
      room.release();
      if (nth < latencies.length) latencies[nth++] = System.nanoTime() - startedAt;
    }
    room.acquire(window);
  }

  private void sendOne(MessageProducer producer, Message message, Semaphore room, AtomicLong sent) throws JMSException {
    if (activemq) {
      ((ActiveMQMessageProducer) producer).send(message, new AsyncCallback() {
        @Override public void onSuccess() {
          sent.incrementAndGet();
          room.release();
        }

        @Override public void onException(JMSException failure) {
          fail(failure);
        }
      });
      return;
    }
    producer.send(message, new CompletionListener() {
      @Override public void onCompletion(Message confirmed) {
        sent.incrementAndGet();
        room.release();
      }

      @Override public void onException(Message refused, Exception failure) {
        fail(failure);
      }
    });
  }

  private ObjectNode measureReceipt() throws Exception {
    MessageConsumer consumer = session.createConsumer(session.createQueue(workload.get("destination").asText()));
    int messages = workload.get("messages").asInt();
    int warmUp = (int) (messages * WARM_UP_SHARE);
    int bodyBytes = workload.get("bodyBytes").asInt();
    Meter meter = new Meter();
    for (int received = 0; received < messages; received++) {
      if (received == warmUp) meter = new Meter();
      Message message = consumer.receive(30_000);
      if (message == null) throw new IllegalStateException("Only " + received + " messages came");
      if (message.getBody(byte[].class).length != bodyBytes) throw new IllegalStateException("A body of another length");
      message.acknowledge();
    }
    return meter.read(messages - warmUp, 0);
  }

  private static void addLatency(ObjectNode measurement, long[] nanos) {
    Arrays.sort(nanos);
    ObjectNode latency = measurement.putObject("latencyMs");
    for (int percent : new int[] {50, 90, 99}) {
      latency.put("p" + percent, nanos[Math.min(nanos.length - 1, nanos.length * percent / 100)] / 1e6);
    }
  }

  private static void fail(Exception failure) {
    failure.printStackTrace();
    Runtime.getRuntime().halt(1);
  }

  private static final class Meter {
    private final long startedAt = System.nanoTime();
    private final long cpuAtStart = cpu();

    ObjectNode read(long messages, long sent) throws Exception {
      double elapsedMs = (System.nanoTime() - startedAt) / 1e6;
      double cpuUs = (cpu() - cpuAtStart) / 1e3;
      ObjectNode measurement = JSON.createObjectNode();
      measurement.put("messages", messages).put("elapsedMs", elapsedMs).put("cpuUsPerMessage", cpuUs / messages);
      return measurement.put("rssMiB", rssKiB() / 1024.0).put("sent", sent);
    }

    private static long cpu() {
      return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static long rssKiB() throws Exception {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("\\D", ""));
      }
      return 0;
    }
  }
}
