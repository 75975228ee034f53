"""Runs stomp.py: carries out the lines of JSON on standard input and answers each with a line of JSON. See client-process.ts."""
import base64
import json
import queue
import sys
import time
import uuid

import stomp

TIMEOUT_S = 10
# Headers of a MESSAGE that are not properties of the sender.
HEADERS = {
    *("destination", "destination-type", "subscription", "message-id", "ack", "content-length", "content-type"),
    *("correlation-id", "reply-to", "type", "priority", "expires", "timestamp", "persistent", "redelivered"),
    *("JMSXGroupID", "JMSXGroupSeq", "_AMQ_GROUP_ID", "_AMQ_GROUP_SEQUENCE", "transformation"),
}


class Inbox(stomp.ConnectionListener):
    def __init__(self):
        self.messages = queue.Queue()
        self.receipts = queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame)

    def on_disconnected(self):
        self.receipts.put(ConnectionError("the broker closed the connection"))

    def on_error(self, frame):
        self.receipts.put(RuntimeError(f"{frame.headers.get('message')} {frame.body!r}"))


class Peer:
    def __init__(self, product, host, port, user, password):
        self.product = product
        self.address_and_login = (host, int(port)), user, password
        self.connect()

    def connect(self):
        (host, port), user, password = self.address_and_login
        self.inbox = Inbox()
        # With a content-length on every message, stomp.py's default, both brokers would take text for bytes.
        self.connection = stomp.Connection12(
            [(host, port)], auto_decode=False, auto_content_length=False, reconnect_attempts_max=1
        )
        self.connection.set_listener("inbox", self.inbox)
        self.connection.connect(user, password, wait=True)

    def run(self, command):
        if not self.connection.is_connected():
            self.connect()
        return {
            "send": self.send,
            "receive": self.receive,
            "request": self.request,
            "respond": self.respond,
        }[command["op"]](command)

    def send(self, command):
        self.put(command["destination"], command["message"], {})
        return {}

    def receive(self, command):
        return {"message": show(self.take(**taking(command)))}

    def request(self, command):
        """STOMP has no temporary queues, so its users take a queue with a unique name."""
        replies = f"queue://replies-{uuid.uuid4()}"
        self.put(command["destination"], command["message"], {"reply-to": self.spell(replies)})
        return {"message": show(self.take(replies, command["timeoutMs"]))}

    def respond(self, command):
        request = self.take(**taking(command))
        headers = {"correlation-id": request.headers.get("correlation-id") or request.headers["message-id"]}
        reply_to = request.headers["reply-to"]
        if reply_to.startswith("/remote-temp-"):
            # The address of another client's temporary queue is sent back unchanged.
            self.write({"destination": reply_to}, command["message"], headers)
        else:
            self.put(read_destination(reply_to), command["message"], headers)
        return {"message": show(request)}

    def put(self, destination, spec, headers):
        self.write(self.address(destination, "destination-type"), spec, headers)

    def write(self, address, spec, headers):
        headers = {**address, **write_headers(spec), **headers}
        if "groupSequence" in spec:
            headers["JMSXGroupSeq" if self.product == "classic" else "_AMQ_GROUP_SEQUENCE"] = str(spec["groupSequence"])
        if "replyTo" in spec:
            headers["reply-to"] = self.spell(spec["replyTo"])
        if "text" in spec:
            body = spec["text"]
        else:
            body = base64.b64decode(spec["base64"])
            headers["content-length"] = str(len(body))
        address = headers.pop("destination")
        self.confirmed(lambda receipt: self.connection.send(address, body, headers={**headers, "receipt": receipt}))

    def take(self, destination, timeout_ms, individually=False):
        headers = self.address(destination, "subscription-type")
        address = headers.pop("destination")
        self.confirmed(
            lambda receipt: self.connection.subscribe(
                address, id="1", ack="client-individual" if individually else "auto", headers={**headers, "receipt": receipt}
            )
        )
        try:
            frame = self.inbox.messages.get(timeout=timeout_ms / 1000)
            if individually:
                self.confirmed(lambda receipt: self.connection.ack(frame.headers["ack"], receipt=receipt))
            return frame
        except queue.Empty:
            return None
        finally:
            if self.connection.is_connected():
                self.confirmed(lambda receipt: self.connection.unsubscribe("1", receipt=receipt))
            while not self.inbox.messages.empty():
                self.inbox.messages.get()

    def confirmed(self, write):
        receipt = str(uuid.uuid4())
        write(receipt)
        answer = self.inbox.receipts.get(timeout=TIMEOUT_S)
        if isinstance(answer, Exception):
            raise answer

    def address(self, destination, routing):
        kind, name = destination.split("://", 1)
        if self.product == "classic":
            return {"destination": f"/{kind}/{name}"}
        return {"destination": name, routing: "MULTICAST" if "topic" in kind else "ANYCAST"}

    def spell(self, destination):
        kind, name = destination.split("://", 1)
        return f"/{kind}/{name}" if self.product == "classic" else destination


def taking(command):
    """The arguments of take()."""
    return {
        "destination": command["destination"],
        "timeout_ms": command["timeoutMs"],
        "individually": command.get("individually", False),
    }


def read_destination(text):
    if text.startswith("/"):
        _, kind, name = text.split("/", 2)
        return f"{kind.removeprefix('remote-')}://{name}"
    return text if "://" in text else f"queue://{text}"


def write_headers(spec):
    headers = {"persistent": str(spec.get("persistent", True)).lower()}
    for name, header in (("correlationId", "correlation-id"), ("type", "type"), ("priority", "priority"),
                         ("groupId", "JMSXGroupID"), ("delayMs", "AMQ_SCHEDULED_DELAY")):
        if name in spec:
            headers[header] = str(spec[name])
    if "ttlMs" in spec:
        headers["expires"] = str(int(time.time() * 1000) + spec["ttlMs"])
    for name, entry in spec.get("properties", {}).items():
        value = entry["value"]
        headers[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return headers


def show(frame):
    if frame is None:
        return None
    headers = frame.headers
    length, content_type = headers.get("content-length"), headers.get("content-type", "")
    text = length is None or content_type.startswith(("text/", "application/json"))
    expires = int(headers.get("expires", "0"))
    return {
        "kind": "text" if text else "bytes",
        **({"text": frame.body.decode()} if text else {"base64": base64.b64encode(frame.body).decode()}),
        "id": headers["message-id"],
        "correlationId": headers.get("correlation-id"),
        "replyTo": read_destination(headers["reply-to"]) if "reply-to" in headers else None,
        "type": headers.get("type"),
        "priority": number(headers.get("priority")),
        "expiresAtMs": expires or None,
        # Classic sends this header only for persistent messages.
        "persistent": headers.get("persistent") == "true",
        # The first names are those of Artemis.
        "groupId": headers.get("_AMQ_GROUP_ID", headers.get("JMSXGroupID")),
        "groupSequence": number(headers.get("_AMQ_GROUP_SEQUENCE", headers.get("JMSXGroupSeq"))),
        "properties": {n: {"type": "string", "value": v} for n, v in headers.items() if n not in HEADERS},
    }


def number(text):
    return None if text is None else int(text)


def main():
    peer = Peer(*sys.argv[1:])
    for line in sys.stdin:
        try:
            answer = peer.run(json.loads(line))
        except Exception as error:  # the test should see any error
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


main()
