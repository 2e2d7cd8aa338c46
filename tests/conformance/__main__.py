"""Recordings of API servers: make one of a real server, and hold ours against it.

    python -m tests.conformance record --server https://10.0.0.1:6443 --token-file T --ca ca.crt FILE
    python -m tests.conformance compare [--store memory|sqlite|etcd|etcd=URL] [--known FILE.toml] FILE...

Exit codes: 0 no difference (record: ended by Ctrl-C or SIGTERM), 1 a difference, or a known one that is none any more,
4 bad usage or a file that is no recording.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import trio

from reference_impl.apiserver.http.listener import open_listeners, port_of, serve
from reference_impl.apiserver.http.recording import open_recorder
from tests.conformance import known as known_differences
from tests.conformance import planes, recording
from tests.conformance.known import BadKnown, Known, judge
from tests.conformance.proxy import BadServer, Proxy, Upstream, version_of
from tests.conformance.recording import BadRecording
from tests.conformance.replay import compare

DIFFERENT = 1
BAD = 4


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:
        return BAD if end.code else 0
    try:
        return _record(options) if options.what == "record" else _compare(options)
    except (BadRecording, BadKnown, BadServer, ValueError) as error:
        print(error, file=sys.stderr)
        return BAD


def _compare(options: argparse.Namespace) -> int:
    known: list[Known] = [] if options.known is None else known_differences.read(Path(options.known))
    read = [(path, recording.read(Path(path))) for path in options.files]
    differences = []
    with tempfile.TemporaryDirectory() as directory:
        planes.choose(options.store, directory)
        try:
            for path, found in read:
                for warning in found.warnings:
                    print(f"warning: {warning}", file=sys.stderr)
                outcome = compare(found, planes.new_store())
                for line in outcome.not_played:
                    print(f"warning: {line}, so it was not played", file=sys.stderr)
                if outcome.cut:
                    print(
                        f"warning: {outcome.cut} answers of {path} were too long to be recorded whole", file=sys.stderr
                    )
                print(f"{path} (of {found.of}): {outcome.played} requests, {len(outcome.differences)} differences")
                differences += outcome.differences
        finally:
            planes.CHOSEN.close()
            planes.choose("memory", directory)
    judged = judge(differences, known)
    for difference in judged.unknown:
        print(difference)
    for entry in judged.unused:
        print(f"known, but met by no difference any more: {entry}. Take it out.")
    print(f"{len(judged.unknown)} unknown, {judged.excused} known, {len(judged.unused)} known but gone")
    return DIFFERENT if judged.unknown or judged.unused else 0


def _record(options: argparse.Namespace) -> int:
    token = options.token
    if options.token_file is not None:
        try:
            token = Path(options.token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(
                f"--token-file {options.token_file} cannot be read: {error.strerror}. Name another."
            ) from None
    if not options.server.startswith(("http://", "https://")):
        raise ValueError(f"--server {options.server} is no http:// or https:// address. Write it with its scheme.")
    paths = [None if each is None else Path(each) for each in (options.ca, options.certificate, options.key)]
    upstream = Upstream(url=options.server, token=token, ca=paths[0], certificate=paths[1], key=paths[2])
    trio.run(_until_stopped, upstream, options.file, options.port)
    return 0


async def _until_stopped(upstream: Upstream, path: str, port: int) -> None:
    """Raises BadServer, ValueError."""
    version = await version_of(upstream)
    try:
        listeners = await open_listeners("127.0.0.1", port)
    except OSError as error:
        raise ValueError(
            f"--port {port} cannot be listened on: {error.strerror}. Leave it out for a free one."
        ) from None
    try:
        opened = open_recorder(path, of=version, now=lambda: datetime.now(UTC))  # noqa: TID251
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}. Name a new file.") from None
    with opened as recorder, trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            answer = recorder.around(Proxy(upstream).answer)
            await nursery.start(lambda task_status: serve(listeners, answer, task_status=task_status))
            where = f"http://127.0.0.1:{port_of(listeners)}"
            print(f"recording {upstream.url} ({version}) at {where}", file=sys.stderr, flush=True)
            async for _ in signals:
                break
            nursery.cancel_scope.cancel()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description="Record and compare API servers.")
    commands = parser.add_subparsers(dest="what", required=True)
    making = commands.add_parser("record", help="a proxy before a real API server, that writes down what passes")
    making.add_argument("--server", required=True, metavar="URL")
    making.add_argument("--token", help="sent as Authorization: Bearer (others on this machine see it: --token-file)")
    making.add_argument("--token-file", metavar="FILE")
    making.add_argument("--ca", metavar="FILE", help="certificate authority of the server")
    making.add_argument("--certificate", metavar="FILE", help="client certificate")
    making.add_argument("--key", metavar="FILE", help="its key")
    making.add_argument(
        "--port", type=int, default=0, help="where clients are to come, on loopback; default: a free one"
    )
    making.add_argument("file", metavar="FILE", help="a new file")
    holding = commands.add_parser("compare", help="play recordings against a fresh server of ours")
    holding.add_argument("--store", default="memory", metavar="PLANE", help="memory, sqlite, etcd, etcd=URL")
    holding.add_argument("--known", metavar="FILE", help="known differences, each with its reason")
    holding.add_argument("files", nargs="+", metavar="FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
