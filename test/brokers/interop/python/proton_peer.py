"""Runs Qpid Proton's blocking client: carries out the lines of JSON on standard input and answers each with a line of JSON. See client-process.ts."""
import base64
import json
import sys
import time

from proton import Message, Timeout, int32, symbol
from proton.reactor import LinkOption
from proton.utils import BlockingConnection

TIMEOUT_S = 10
# The JMS mapping's annotation of a scheduled message.
DELIVERY_DELAY = symbol("x-opt-delivery-delay")


class Routed(LinkOption):
    """Artemis decides by the capabilities whether an address is a queue or a topic."""

    def __init__(self, kind):
        self.kind = symbol(kind)

    def apply(self, link):
        terminus = link.source if link.is_receiver else link.target
        terminus.capabilities.put_object(self.kind)


class Peer:
    def __init__(self, product, host, port, user, password):
        self.product = product
        self.connection = BlockingConnection(
            f"amqp://{host}:{port}", user=user, password=password, allowed_mechs="PLAIN",
            allow_insecure_mechs=True, timeout=TIMEOUT_S,
        )

    def run(self, command):
        return {
            "send": self.send,
            "receive": self.receive,
            "request": self.request,
            "respond": self.respond,
        }[command["op"]](command)

    def send(self, command):
        self.put(command["destination"], self.write(command["message"]))
        return {}

    def receive(self, command):
        return {"message": self.show(self.take(command["destination"], command["timeoutMs"]))}

    def request(self, command):
        receiver = self.connection.create_receiver(None, dynamic=True)
        try:
            message = self.write(command["message"])
            message.reply_to = receiver.link.remote_source.address
            self.put(command["destination"], message)
            reply = receiver.receive(timeout=command["timeoutMs"] / 1000)
            receiver.accept()
            return {"message": self.show(reply)}
        finally:
            receiver.close()

    def respond(self, command):
        request = self.take(command["destination"], command["timeoutMs"])
        reply = self.write(command["message"])
        reply.correlation_id = request.correlation_id or request.id
        sender = self.connection.create_sender(request.reply_to)
        try:
            sender.send(reply)
        finally:
            sender.close()
        return {"message": self.show(request)}

    def put(self, destination, message):
        address, options = self.address(destination)
        sender = self.connection.create_sender(address, options=options)
        try:
            sender.send(message)
        finally:
            sender.close()

    def take(self, destination, timeout_ms):
        address, options = self.address(destination)
        receiver = self.connection.create_receiver(address, credit=1, options=options)
        try:
            message = receiver.receive(timeout=timeout_ms / 1000)
            receiver.accept()
            return message
        except Timeout:
            return None
        finally:
            receiver.close()

    def address(self, destination):
        kind, name = destination.split("://", 1)
        if self.product == "classic":
            return (name if kind.startswith("temp") else destination), None
        return name, Routed(kind)

    def write(self, spec):
        text = spec.get("text")
        message = Message(text if text is not None else base64.b64decode(spec["base64"]))
        # Proton sends bytes as a data section.
        message.inferred = text is None
        message.durable = spec.get("persistent", True)
        if "correlationId" in spec:
            message.correlation_id = spec["correlationId"]
        if "replyTo" in spec:
            message.reply_to = self.address(spec["replyTo"])[0]
        if "type" in spec:
            message.subject = spec["type"]
        if "groupId" in spec:
            message.group_id = spec["groupId"]
        if "groupSequence" in spec:
            message.group_sequence = spec["groupSequence"]
        if "priority" in spec:
            message.priority = spec["priority"]
        if "ttlMs" in spec:
            message.ttl = spec["ttlMs"] / 1000
            message.expiry_time = time.time() + spec["ttlMs"] / 1000
        if "delayMs" in spec:
            message.annotations = {DELIVERY_DELAY: spec["delayMs"]}
        properties = {name: typed(entry) for name, entry in spec.get("properties", {}).items()}
        if properties:
            message.properties = properties
        return message

    def show(self, message):
        if message is None:
            return None
        body = message.body
        text = isinstance(body, str)
        raw = bytes(body) if isinstance(body, (bytes, memoryview)) else b""
        expires = round(message.expiry_time * 1000)
        return {
            "kind": "text" if text else "bytes" if isinstance(body, (bytes, memoryview)) else type(body).__name__,
            **({"text": body} if text else {"base64": base64.b64encode(raw).decode()}),
            "id": None if message.id is None else str(message.id),
            "correlationId": None if message.correlation_id is None else str(message.correlation_id),
            "replyTo": read_destination(message),
            "type": message.subject,
            "priority": message.priority,
            "expiresAtMs": expires or None,
            "persistent": message.durable,
            "groupId": message.group_id or None,
            "groupSequence": message.group_sequence if message.group_id else None,
            "properties": {name: show_property(value) for name, value in (message.properties or {}).items()},
        }


def read_destination(message):
    """If the address does not show whether it is a queue or a topic, the JMS mapping's annotation may."""
    if message.reply_to is None or "://" in message.reply_to:
        return message.reply_to
    kind = (message.annotations or {}).get(symbol("x-opt-jms-reply-to"), 0)
    return f"{('queue', 'topic', 'temp-queue', 'temp-topic')[int(kind)]}://{message.reply_to}"


def typed(entry):
    return int32(entry["value"]) if entry["type"] == "int" else entry["value"]


def show_property(value):
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, int32):
        return {"type": "int", "value": int(value)}
    if type(value) is int:
        return {"type": "long", "value": value}
    if type(value) is float:
        return {"type": "double", "value": value}
    if isinstance(value, str):
        return {"type": "string", "value": str(value)}
    return {"type": type(value).__name__, "value": str(value)}


def main():
    peer = Peer(*sys.argv[1:])
    for line in sys.stdin:
        try:
            answer = peer.run(json.loads(line))
        except Exception as error:  # the test should see any error
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


main()
