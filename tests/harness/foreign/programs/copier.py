"""A controller in a process of its own, with the standard library alone so that it starts at once.

It keeps a ConfigMap for each Note. What it does besides, or wrongly, is said on the command line.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from time import sleep  # noqa: TID251  # a program of its own: its time is real

HABITS = sys.argv[1:]
NOTES = "/apis/example.com/v1/notes"
BACK_OFF_S = 0.1

with open(os.environ["KUBECONFIG"], encoding="utf-8") as file:
    SERVER = re.search(r"server: (\S+)", file.read())[1]


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    request = urllib.request.Request(SERVER + path, data, {"Content-Type": kind}, method=method)
    return urllib.request.urlopen(request, timeout=60)


def answer(method, path, body=None):
    with call(method, path, body) as response:
        return json.load(response)


def copy(note):
    named = note["metadata"]
    if named.get("deletionTimestamp"):
        return
    maps = f"/api/v1/namespaces/{named['namespace']}/configmaps"
    wanted = {"metadata": {"name": f"note-{named['name']}"}, "data": {"text": note["spec"]["text"]}}
    if "forgets-owners" not in HABITS:
        owner = {"apiVersion": "example.com/v1", "kind": "Note", "name": named["name"], "uid": named["uid"]}
        wanted["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    try:
        answer("POST", maps, wanted)
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        answer("PUT", f"{maps}/{wanted['metadata']['name']}", wanted)
    print("copied", named["name"], flush=True)
    if "dies-of-work" in HABITS:
        sys.exit(3)


def remove(note):
    named = note["metadata"]
    try:
        answer("DELETE", f"/api/v1/namespaces/{named['namespace']}/configmaps/note-{named['name']}")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise


def register_webhooks():
    """And listen there, unless they are lost."""
    import hooks

    if "serves-webhooks" in HABITS:
        hooks.serve()
    policy = "Ignore" if "can-do-without" in HABITS else "Fail"
    for wanted in hooks.configurations(policy):
        kind = f"/apis/admissionregistration.k8s.io/v1/{wanted['kind'].lower()}s"
        try:
            answer("POST", kind, wanted)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            answer("PATCH", f"{kind}/{wanted['metadata']['name']}", {"webhooks": wanted["webhooks"]})


def list_and_watch():
    listed = answer("GET", NOTES + ("?resourceVersion=0" if "lists-any-version" in HABITS else ""))
    print("listed", len(listed["items"]), flush=True)
    for note in listed["items"]:
        copy(note)
    version = listed["metadata"]["resourceVersion"]
    with call("GET", f"{NOTES}?watch=1&timeoutSeconds=1&resourceVersion={version}") as stream:
        for line in stream:
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            if event["type"] == "DELETED":
                if "forgets-owners" in HABITS:
                    remove(event["object"])
            else:
                copy(event["object"])


def main():
    started = [os.getpid()]
    if "starts-a-child" in HABITS:
        started.append(subprocess.Popen(["sleep", "600"]).pid)
    if "PIDS" in os.environ:
        with open(os.environ["PIDS"], "w", encoding="ascii") as pids:
            print(*started, file=pids)
    if "starts-slowly" in HABITS:
        sleep(1)
    if "dies-at-once" in HABITS:
        sys.exit("cannot go on")
    if "serves-webhooks" in HABITS or "has-lost-its-webhooks" in HABITS:
        register_webhooks()
    if "means-no-good" in HABITS:
        import mischief

        mischief.begin(SERVER)
    while "never-watches" in HABITS:
        sleep(60)
    while True:
        try:
            list_and_watch()
        except (OSError, ValueError, http.client.HTTPException) as error:
            if "gives-up" in HABITS:
                print("gave up:", error, flush=True)
                sleep(600)
        sleep(BACK_OFF_S)


main()
