import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.jms.BytesMessage;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.MessageEOFException;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.StreamMessage;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.TemporaryTopic;
import jakarta.jms.TextMessage;
import jakarta.jms.Topic;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A JMS message from JSON and as JSON, by the standard interface alone. */
final class MessageJson {
  static Message write(Session session, JsonNode spec) throws JMSException {
    Message message;
    if (spec.has("text")) {
      message = session.createTextMessage(spec.get("text").asText());
    } else if (spec.has("map")) {
      MapMessage map = session.createMapMessage();
      for (Map.Entry<String, JsonNode> entry : spec.get("map").properties()) {
        map.setObject(entry.getKey(), typed(entry.getValue()));
      }
      message = map;
    } else if (spec.has("stream")) {
      StreamMessage stream = session.createStreamMessage();
      for (JsonNode item : spec.get("stream")) stream.writeObject(typed(item));
      message = stream;
    } else if (spec.has("object")) {
      ArrayList<Object> list = new ArrayList<>();
      for (JsonNode item : spec.get("object")) list.add(typed(item));
      message = session.createObjectMessage(list);
    } else {
      BytesMessage bytes = session.createBytesMessage();
      bytes.writeBytes(Base64.getDecoder().decode(spec.get("base64").asText()));
      message = bytes;
    }
    if (spec.has("properties")) {
      for (Map.Entry<String, JsonNode> property : spec.get("properties").properties()) {
        writeProperty(message, property.getKey(), property.getValue());
      }
    }
    if (spec.has("correlationId")) message.setJMSCorrelationID(spec.get("correlationId").asText());
    if (spec.has("type")) message.setJMSType(spec.get("type").asText());
    if (spec.has("groupId")) message.setStringProperty("JMSXGroupID", spec.get("groupId").asText());
    if (spec.has("groupSequence")) message.setIntProperty("JMSXGroupSeq", spec.get("groupSequence").asInt());
    return message;
  }

  private static void writeProperty(Message message, String name, JsonNode property) throws JMSException {
    JsonNode value = property.get("value");
    switch (property.get("type").asText()) {
      case "byte" -> message.setByteProperty(name, (byte) value.asInt());
      case "short" -> message.setShortProperty(name, (short) value.asInt());
      case "float" -> message.setFloatProperty(name, (float) value.asDouble());
      case "int" -> message.setIntProperty(name, value.asInt());
      case "long" -> message.setLongProperty(name, value.asLong());
      case "double" -> message.setDoubleProperty(name, value.asDouble());
      case "boolean" -> message.setBooleanProperty(name, value.asBoolean());
      default -> message.setStringProperty(name, value.asText());
    }
  }

  /** A value of Java of the type that the JSON names. */
  private static Object typed(JsonNode property) {
    JsonNode value = property.get("value");
    return switch (property.get("type").asText()) {
      case "byte" -> (byte) value.asInt();
      case "short" -> (short) value.asInt();
      case "int" -> value.asInt();
      case "long" -> value.asLong();
      case "float" -> (float) value.asDouble();
      case "double" -> value.asDouble();
      case "boolean" -> value.asBoolean();
      case "char" -> value.asText().charAt(0);
      case "bytes" -> Base64.getDecoder().decode(value.asText());
      default -> value.asText();
    };
  }

  static ObjectNode read(ObjectNode seen, Message message) throws JMSException {
    if (message instanceof TextMessage text) {
      seen.put("kind", "text").put("text", text.getText());
    } else if (message instanceof BytesMessage bytes) {
      byte[] body = new byte[(int) bytes.getBodyLength()];
      bytes.readBytes(body);
      seen.put("kind", "bytes").put("base64", Base64.getEncoder().encodeToString(body));
    } else if (message instanceof MapMessage map) {
      ObjectNode entries = seen.put("kind", "map").putObject("map");
      @SuppressWarnings("unchecked")
      List<String> keys = Collections.list(map.getMapNames());
      for (String key : keys) readProperty(entries.putObject(key), map.getObject(key));
    } else if (message instanceof StreamMessage stream) {
      ArrayNode items = seen.put("kind", "stream").putArray("stream");
      try {
        for (;;) readProperty(items.addObject(), stream.readObject());
      } catch (MessageEOFException end) {
        items.remove(items.size() - 1);
      }
    } else if (message instanceof ObjectMessage object && object.getObject() instanceof List<?> list) {
      ArrayNode items = seen.put("kind", "object").putArray("object");
      for (Object item : list) readProperty(items.addObject(), item);
    } else {
      seen.put("kind", message.getClass().getSimpleName());
    }
    seen.put("id", message.getJMSMessageID());
    seen.put("correlationId", message.getJMSCorrelationID());
    seen.put("replyTo", name(message.getJMSReplyTo()));
    seen.put("type", message.getJMSType());
    seen.put("priority", message.getJMSPriority());
    if (message.getJMSExpiration() != 0) seen.put("expiresAtMs", message.getJMSExpiration());
    seen.put("persistent", message.getJMSDeliveryMode() == DeliveryMode.PERSISTENT);
    seen.put("groupId", message.getStringProperty("JMSXGroupID"));
    if (message.propertyExists("JMSXGroupSeq")) seen.put("groupSequence", message.getIntProperty("JMSXGroupSeq"));
    ObjectNode properties = seen.putObject("properties");
    @SuppressWarnings("unchecked")
    List<String> names = Collections.list(message.getPropertyNames());
    for (String name : names) readProperty(properties.putObject(name), message.getObjectProperty(name));
    return seen;
  }

  private static void readProperty(ObjectNode property, Object value) {
    if (value instanceof Integer number) property.put("type", "int").put("value", number);
    else if (value instanceof Long number) property.put("type", "long").put("value", number);
    else if (value instanceof Double number) property.put("type", "double").put("value", number);
    else if (value instanceof Byte number) property.put("type", "byte").put("value", number);
    else if (value instanceof Short number) property.put("type", "short").put("value", number);
    else if (value instanceof Float number) property.put("type", "float").put("value", number);
    else if (value instanceof Character character) property.put("type", "char").put("value", character.toString());
    else if (value instanceof byte[] bytes) property.put("type", "bytes").put("value", Base64.getEncoder().encodeToString(bytes));
    else if (value instanceof Boolean flag) property.put("type", "boolean").put("value", flag);
    else if (value instanceof String text) property.put("type", "string").put("value", text);
    else property.put("type", value.getClass().getSimpleName()).put("value", value.toString());
  }

  private static String name(Destination destination) throws JMSException {
    if (destination instanceof TemporaryQueue queue) return "temp-queue://" + queue.getQueueName();
    if (destination instanceof TemporaryTopic topic) return "temp-topic://" + topic.getTopicName();
    if (destination instanceof Queue queue) return "queue://" + queue.getQueueName();
    if (destination instanceof Topic topic) return "topic://" + topic.getTopicName();
    return null;
  }

  private MessageJson() {}
}
