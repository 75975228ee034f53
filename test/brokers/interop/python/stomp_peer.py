"""stomp.py, doing what lines of JSON on standard input ask for, and answering in lines of JSON: see client-process.ts."""
import base64
import json
import queue
import sys
import time
import uuid

import stomp

TIMEOUT_S = 10
# What a MESSAGE carries besides the sender's own properties.
HEADERS = {
    *("destination", "destination-type", "subscription", "message-id", "ack", "content-length", "content-type"),
    *("correlation-id", "reply-to", "type", "priority", "expires", "timestamp", "persistent", "redelivered"),
    *("JMSXGroupID", "JMSXGroupSeq", "transformation"),
}


class Inbox(stomp.ConnectionListener):
    def __init__(self):
        self.messages = queue.Queue()
        self.receipts = queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame)

    def on_error(self, frame):
        self.receipts.put(RuntimeError(f"{frame.headers.get('message')} {frame.body!r}"))


class Peer:
    def __init__(self, product, host, port, user, password):
        self.product = product
        self.inbox = Inbox()
        # A content-length on every message, stomp.py's default, would make bytes of text on both brokers.
        self.connection = stomp.Connection12(
            [(host, int(port))], auto_decode=False, auto_content_length=False, reconnect_attempts_max=1
        )
        self.connection.set_listener("inbox", self.inbox)
        self.connection.connect(user, password, wait=True)

    def run(self, command):
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
        return {"message": show(self.take(command["destination"], command["timeoutMs"]))}

    def request(self, command):
        """STOMP has no temporary queue of its own; a queue of a name nobody else has is what its users take."""
        replies = f"queue://replies-{uuid.uuid4()}"
        self.put(command["destination"], command["message"], {"reply-to": self.spell(replies)})
        return {"message": show(self.take(replies, command["timeoutMs"]))}

    def respond(self, command):
        request = self.take(command["destination"], command["timeoutMs"])
        headers = {"correlation-id": request.headers.get("correlation-id") or request.headers["message-id"]}
        self.put(read_destination(request.headers["reply-to"]), command["message"], headers)
        return {"message": show(request)}

    def put(self, destination, spec, headers):
        headers = {**self.address(destination, "destination-type"), **write_headers(spec), **headers}
        if "replyTo" in spec:
            headers["reply-to"] = self.spell(spec["replyTo"])
        if "text" in spec:
            body = spec["text"]
        else:
            body = base64.b64decode(spec["base64"])
            headers["content-length"] = str(len(body))
        address = headers.pop("destination")
        self.confirmed(lambda receipt: self.connection.send(address, body, headers={**headers, "receipt": receipt}))

    def take(self, destination, timeout_ms):
        headers = self.address(destination, "subscription-type")
        address = headers.pop("destination")
        self.confirmed(
            lambda receipt: self.connection.subscribe(
                address, id="1", ack="client-individual", headers={**headers, "receipt": receipt}
            )
        )
        try:
            frame = self.inbox.messages.get(timeout=timeout_ms / 1000)
            self.connection.ack(frame.headers["ack"])
            return frame
        except queue.Empty:
            return None
        finally:
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


def read_destination(text):
    if text.startswith("/"):
        _, kind, name = text.split("/", 2)
        return f"{kind.removeprefix('remote-')}://{name}"
    return text if "://" in text else f"queue://{text}"


def write_headers(spec):
    headers = {"persistent": str(spec.get("persistent", True)).lower()}
    for name, header in (("correlationId", "correlation-id"), ("type", "type"), ("priority", "priority"),
                         ("groupId", "JMSXGroupID"), ("groupSequence", "JMSXGroupSeq"), ("delayMs", "AMQ_SCHEDULED_DELAY")):
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
        "priority": int(headers["priority"]) if "priority" in headers else None,
        "expiresAtMs": expires or None,
        # Classic says it only of persistent messages.
        "persistent": headers.get("persistent") == "true",
        "groupId": headers.get("JMSXGroupID"),
        "groupSequence": int(headers["JMSXGroupSeq"]) if "JMSXGroupSeq" in headers else None,
        "properties": {n: {"type": "string", "value": v} for n, v in headers.items() if n not in HEADERS},
    }


def main():
    peer = Peer(*sys.argv[1:])
    for line in sys.stdin:
        try:
            answer = peer.run(json.loads(line))
        except Exception as error:  # whatever it is, the test is to see it
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


main()
