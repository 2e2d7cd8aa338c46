"""What a client can do to a server beside its work, for `copier.py`: once each, all answers written down.

MISCHIEF names the file that they are written to, one JSON object. A life that finds it there keeps the peace. When it
is there the Note "front" says so, for users to wait for.
"""

import json
import os
import socket
import threading
from time import monotonic, sleep  # noqa: TID251  # a program of its own: its time is real
from urllib.parse import urlsplit

MIB = 1024 * 1024
NOTES = "/apis/example.com/v1/namespaces/default/notes"
EVENTS = "/api/v1/namespaces/default/events"
IDLE = 1000
FLOOD = 60
PATIENCE_S = 60


def connect(where, receive_bytes=None):
    client = socket.socket()
    client.settimeout(PATIENCE_S)
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.connect(where)
    return client


def said(client):
    """The status and the kind of an answer; "reset" if the server would not wait for us to read it."""
    found = b""
    try:
        while chunk := client.recv(65536):
            found += chunk
    except ConnectionError:
        if not found:
            return "reset"
    head, _, body = found.partition(b"\r\n\r\n")
    return f"{head.split()[1].decode()} {json.loads(body)['kind']}"


def send(where, *pieces):
    with connect(where) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
        except ConnectionError:
            pass  # it has heard enough
        return said(client)


def request(method, path, body=b"", *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def a_body_without_end(where):
    head = f"POST {EVENTS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return send(where, head, *[b"100000\r\n" + b"x" * MIB + b"\r\n"] * 100)


def a_body_of_a_hundred_megabytes(where):
    head = f"POST {EVENTS} HTTP/1.1\r\nHost: x\r\nContent-Length: {100 * MIB}\r\n\r\n".encode()
    return send(where, head, *[b"x" * MIB] * 100)


def idle_connections(where):
    """More than a door takes: the others wait outside. Answers whether somebody is served when they have gone."""
    idle = []
    for _ in range(IDLE):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(where)
        idle.append(client)
    sleep(0.5)
    for client in idle:
        client.close()
    return send(where, request("GET", "/api/v1/namespaces/default"))


def a_watch_that_nobody_reads(where):
    """Much more is written than may wait for it. Answers what has become of the connection."""
    silent = connect(where, receive_bytes=4096)
    silent.sendall(request("GET", f"{EVENTS}?watch=1"))
    silent.recv(12)
    event = {
        "metadata": {"name": "flood"},
        "involvedObject": {"namespace": "default", "kind": "Note", "name": "front"},
        "reason": "Flood",
    }
    answers = {send(where, request("POST", EVENTS, json.dumps(event).encode()))}
    for number in range(FLOOD):
        event["metadata"]["annotations"] = {"number": str(number), "filling": "x" * 250_000}
        answers.add(send(where, request("PUT", f"{EVENTS}/flood", json.dumps(event).encode())))
    answers.add(send(where, request("DELETE", f"{EVENTS}/flood")))
    return f"{'cut' if is_cut(silent) else 'still there'}, others: {sorted(answers)}"


def is_cut(client):
    """Without reading what is there: the system knows whether the other end is gone."""
    established = 1
    deadline_s = monotonic() + PATIENCE_S
    while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == established:
        if monotonic() > deadline_s:
            return False
        sleep(0.05)
    return True


def all_of_it(where):
    yield "malformed HTTP", send(where, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    yield "headers without end", send(where, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70_000)
    yield "invalid JSON", send(where, request("POST", NOTES, b'{"metadata": '))
    yield "path traversal", send(where, request("GET", "/api/v1/namespaces/../../../etc/passwd"))
    yield "a wrong token", send(where, request("GET", "/api/v1/namespaces/default", b"", "Authorization: Bearer wrong"))
    yield "100 MB", a_body_of_a_hundred_megabytes(where)
    yield "100 MB in chunks", a_body_without_end(where)
    yield "a watch that nobody reads", a_watch_that_nobody_reads(where)
    yield "1,000 idle connections", idle_connections(where)


def tell(where):
    done = b'{"status": {"copiedTo": "mischief"}}'
    path = f"{NOTES}/front/status"
    lines = f"PATCH {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/merge-patch+json\r\n"
    while send(where, f"{lines}Content-Length: {len(done)}\r\n\r\n".encode() + done) != "200 Note":
        sleep(0.1)


def begin(server):
    """Beside the program's work, in a thread."""
    target = os.environ["MISCHIEF"]
    url = urlsplit(server)
    where = url.hostname, url.port

    def work():
        while not os.path.exists(target):
            try:
                found = dict(all_of_it(where))
            except OSError as error:  # a busy machine: it was not heard in time
                print("once more:", repr(error), flush=True)
                continue
            with open(target + ".part", "w", encoding="ascii") as file:
                json.dump(found, file)
            os.replace(target + ".part", target)
        tell(where)

    threading.Thread(target=work).start()
