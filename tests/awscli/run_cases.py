#!/usr/bin/env python3
"""Holds a program to recorded runs of `aws cognito-idp admin-set-user-password` (AWS CLI 2.36.7).

    run_cases.py --bin PROGRAM [--cases FILE...] [--only NAME...] [--class core|edge|ours] [--no-leaks] [-j N] [-v]

recorded.jsonl holds the runs of the AWS CLI, a case a line; ours.jsonl what this program does better, in the same form. Both are run
unless --cases names others. Every case is run as `PROGRAM ARGV...`, ARGV exactly as recorded, in an empty work directory that holds
the case's files, with an own HOME and an own environment (nothing but PATH comes from the caller), against servers on loopback that
this script starts. Compared are the exit code, standard output byte by byte, the number of requests, what was sent (target, path, key
id, Region, security token, body as JSON) and the message on standard error. Only the message: the program's name in front of
`[ERROR]:` may be `aws` or `cognito-passwd`, the usage block is taken out of both texts, and blank lines around the rest do not count.

Fields of a case: `name`; `class` (`core`: scripts and people meet it; `edge`: exotic; `ours`); `argv`; `env` (changes; null removes);
`stdin` (default: empty); `files` (`~/` = in HOME); `exit`; `stdout`; `stderr` (null: not compared; `{any}`: any text within a line);
`requests`; `request_body`; `sent` (where it differs from path `/`, key `testing`, Region `us-east-1`, no token; `*`: not compared);
`secret` (what --no-leaks looks for in the output); `note`. Placeholders: `{fake}` plain server, `{tls}` the same over https (its
certificate is `{work}/ca.pem`), `{closed}` refuses, `{hang}` never accepts, `{work}`, `{home}`; `.addr` = without the scheme.

Needs Python 3.8 and fake_cognito.py; with `openssl` on the PATH the cases over TLS run too, without it they are skipped and named.
Ends with 1 if a case failed.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = "AWSCognitoIdentityProviderService.AdminSetUserPassword"
ENVIRONMENT = {
    "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
    "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
}
SENT = {"path": "/", "key": "testing", "region": "us-east-1", "token": None}
CERTIFICATE = """[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
"""
FRAME = re.compile(r"^(?:aws|cognito-passwd)(?=: \[ERROR\]:)", re.M)
CUT = 300


class Bench:
    """One set of servers and directories. Cases that run at the same time have a bench each."""

    def __init__(self, root, tls):
        self.root = pathlib.Path(root)
        self.log = self.root / "requests.jsonl"
        self.log.touch()
        self.servers = []
        self.sockets = []
        self.tls = tls
        self.places = {}

    def start(self):
        plain = self.serve()
        closed = self.hold(listen=False)  # bound but not listening: connections are refused, nobody else gets the port
        hang = self.hold(listen=True)
        self.places = {
            "fake": "http://127.0.0.1:%d" % plain, "fake.addr": "127.0.0.1:%d" % plain,
            "closed": "http://127.0.0.1:%d" % closed, "closed.addr": "127.0.0.1:%d" % closed,
            "hang": "http://127.0.0.1:%d" % hang,
            "work": str(self.root / "work"), "home": str(self.root / "home"),
        }
        if self.tls:
            self.places["tls"] = "https://127.0.0.1:%d" % self.serve("--tls", *map(str, self.tls))

    def serve(self, *options):
        command = [sys.executable, str(HERE / "fake_cognito.py"), "--port", "0", "--log", str(self.log), *options]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.servers.append(server)
        line = server.stdout.readline()
        if not line.strip():
            raise SystemExit("run_cases.py: fake_cognito.py did not start")
        return int(line)

    def hold(self, listen):
        """A port that refuses connections, or one whose queue is full, so that they are never answered."""
        held = socket.socket()
        self.sockets.append(held)
        held.bind(("127.0.0.1", 0))
        if listen:
            held.listen(0)
            for _ in range(4):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(held.getsockname())
                self.sockets.append(waiting)
        return held.getsockname()[1]

    def close(self):
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()
        for held in self.sockets:
            held.close()

    def fill(self, template):
        for name, value in self.places.items():
            template = template.replace("{%s}" % name, value)
        return template

    def lay_out(self, files):
        for name in ("work", "home"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir()
        for name, content in files.items():
            folder = "home" if name.startswith("~/") else "work"
            path = self.root / folder / name.replace("~/", "", 1)
            path.parent.mkdir(exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(self.fill(content).encode() if isinstance(content, str) else bytes.fromhex(content["hex"]))
        if self.tls:
            shutil.copy(self.tls[0], self.root / "work" / "ca.pem")

    def run(self, case, program, limit, no_leaks):
        """Runs one case. Returns what differs (empty: passed), a remark, and the seconds it took."""
        self.lay_out(case.get("files", {}))
        environment = dict(ENVIRONMENT, HOME=self.places["home"], PATH=os.environ.get("PATH", os.defpath))
        for name, value in case.get("env", {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = self.fill(value)
        given = case.get("stdin")
        before = self.log.stat().st_size
        started = time.monotonic()
        child = subprocess.Popen(
            [program] + [self.fill(word) for word in case["argv"]], env=environment, cwd=self.places["work"],
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            stdout, stderr = child.communicate(None if given is None else given.encode(), timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return ["still running after %d s" % limit], "", limit
        took = time.monotonic() - started
        with open(self.log, encoding="utf-8") as log:
            log.seek(before)
            requests = [json.loads(line) for line in log]
        wrong, remark = self.compare(case, child.returncode, stdout, stderr, requests)
        secret = case.get("secret")
        if no_leaks and secret and secret.encode() in stdout + stderr:
            wrong.append("the password stands in the output")
        return wrong, remark, took

    def compare(self, case, code, stdout, stderr, requests):
        wrong = []
        remark = ""

        def check(what, expected, got):
            if expected != got:
                wrong.append("%s: expected %s, got %s" % (what, *short(expected, got)))

        check("exit", case["exit"], code)
        check("stdout", self.fill(case["stdout"]), text(stdout))
        if case["stderr"] is not None:
            expected, got = message(self.fill(case["stderr"])), message(text(stderr))
            if not matches(expected, got):
                check("stderr", expected, got)
        check("requests", case["requests"], len(requests))
        body = case.get("request_body")
        for request in requests if body else []:
            check("target", TARGET, request["target"])
            facts = sent(request)
            for name, expected in dict(SENT, **case.get("sent", {})).items():
                if expected != "*":
                    check(name, expected, facts[name])
            if canonical(request["body"]) != canonical(body):
                check("body", body, request["body"])
            elif request["body"] != body:
                remark = "the body's JSON is right, its text differs: %s" % shorten(request["body"])
            if wrong:
                break
        return wrong, remark


def text(data):
    return data.decode("utf-8", "backslashreplace")


def message(stderr):
    """The message alone: without the usage block, the program's name unified, no blank lines around it."""
    lines = stderr.split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith("usage: ")), None)
    if start is not None:
        stop = start
        for i in range(start, len(lines)):
            if FRAME.match(lines[i]):
                break
            if lines[i].endswith("help"):
                stop = i
        del lines[start:stop + 1]
    rest = re.sub(r'(\\n)+usage: .*?help(\\n)*(?=")', "", "\n".join(lines))  # the same inside a JSON string
    return FRAME.sub("aws", rest).strip("\n")


def matches(expected, got):
    """Whether the messages are equal, {any} in the expected one standing for any text within a line."""
    pattern = "[^\n]+".join(re.escape(part) for part in expected.split("{any}"))
    return re.fullmatch(pattern, got) is not None


def sent(request):
    headers = {name.lower(): value for name, value in request["headers"]}
    scope = re.search(r"Credential=([^/]*)/\d+/([^/]*)/cognito-idp/aws4_request", headers.get("authorization", ""))
    return {
        "path": request["path"], "token": headers.get("x-amz-security-token"),
        "key": scope and scope.group(1), "region": scope and scope.group(2),
    }


def canonical(body):
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return None


def shorten(value, start=0):
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= CUT else ("…" if start else "") + shown[start:start + CUT - 2] + "…"


def short(expected, got):
    """Both as JSON on one line; long ones from a little before the place where they part."""
    a, b = (json.dumps(value, ensure_ascii=False) for value in (expected, got))
    same = len(os.path.commonprefix([a, b]))
    start = max(0, same - 60) if max(len(a), len(b)) > CUT else 0
    return shorten(expected, min(start, len(a))), shorten(got, min(start, len(b)))


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1 and localhost, as (certificate, key), or None without openssl."""
    openssl = shutil.which("openssl")
    if not openssl:
        return None
    config, certificate, key = (folder / name for name in ("openssl.cnf", "ca.pem", "key.pem"))
    config.write_text(CERTIFICATE)
    made = subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-sha256",
         "-config", str(config), "-keyout", str(key), "-out", str(certificate)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (certificate, key) if made.returncode == 0 else None


def arguments():
    options = argparse.ArgumentParser(description="Holds a program to recorded runs of the AWS CLI.")
    options.add_argument("--bin", required=True, metavar="PROGRAM", help="the program under test")
    options.add_argument("--cases", nargs="+", metavar="FILE", default=[str(HERE / "recorded.jsonl"), str(HERE / "ours.jsonl")])
    options.add_argument("--only", nargs="+", metavar="NAME", help="names of cases; * and ? stand for any text")
    options.add_argument("--class", dest="kind", choices=["core", "edge", "ours"])
    options.add_argument("--no-leaks", action="store_true",
                         help="fail a case whose password stands in the output")
    options.add_argument("--timeout", type=int, default=20, metavar="S", help="seconds for one case (20)")
    options.add_argument("-j", "--jobs", type=int, default=2, metavar="N", help="cases at the same time (2)")
    options.add_argument("-v", "--verbose", action="store_true", help="name the passed cases too, with remarks")
    given = options.parse_args()
    program = shutil.which(given.bin)
    if not program:
        options.error("no such program: %s" % given.bin)
    given.bin = os.path.abspath(program)
    cases = []
    for name in given.cases:
        with open(name, encoding="utf-8") as lines:
            cases += [json.loads(line) for line in lines if line.strip()]
    given.cases = [
        case for case in cases
        if (not given.kind or case["class"] == given.kind)
        and (not given.only or any(fnmatch.fnmatchcase(case["name"], name) for name in given.only))
    ]
    if not given.cases:
        options.error("no case has such a name or class")
    return given


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end too
    tally = {}
    skipped = []
    with tempfile.TemporaryDirectory(prefix="awscli-cases-") as root:
        tls = make_certificate(pathlib.Path(root))
        benches = []
        free = queue.Queue()

        def run(case):
            if not tls and "{tls}" in json.dumps(case):
                return None
            bench = free.get()
            try:
                return bench.run(case, given.bin, given.timeout, given.no_leaks)
            finally:
                free.put(bench)

        try:
            for n in range(max(1, given.jobs)):
                folder = pathlib.Path(root, str(n))
                folder.mkdir()
                benches.append(Bench(folder, tls))
                benches[-1].start()
                free.put(benches[-1])
            with concurrent.futures.ThreadPoolExecutor(len(benches)) as pool:
                for case, result in zip(given.cases, pool.map(run, given.cases)):
                    if result is None:
                        skipped.append(case["name"])
                        continue
                    wrong, remark, took = result
                    counts = tally.setdefault(case["class"], [0, 0])
                    counts[bool(wrong)] += 1
                    if wrong:
                        print("FAIL %s: %s" % (case["name"], "; ".join(wrong)), flush=True)
                    elif given.verbose:
                        print("ok   %s (%.2f s)%s" % (case["name"], took, remark and "; " + remark), flush=True)
        finally:
            for bench in benches:
                bench.close()
    if skipped:
        print("skipped, for want of openssl: %s" % ", ".join(skipped))
    for kind in sorted(tally):
        print("%s: %d passed, %d failed" % (kind, *tally[kind]))
    passed, failed = (sum(counts[i] for counts in tally.values()) for i in (0, 1))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
