"""Runs a program on a pseudo-terminal of its own and plays the person before it.

    terminal.py PROGRAM ARG... <<< STEPS

STEPS is JSON: a list of [text to wait for, what to do then]; what to do is text to type, or {"signal": name}. Prints one JSON object:
what the terminal showed, the exit code (negative: a signal), and whether it echoed again at the end.
"""
import json
import os
import pty
import select
import signal
import sys
import termios
import time

PATIENCE = 60


def main():
    steps = json.load(sys.stdin)
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    shown = b""
    seen = 0
    ended = False
    deadline = time.monotonic() + PATIENCE
    while not ended and time.monotonic() < deadline:
        if steps:
            at = shown.find(steps[0][0].encode(), seen)
            if at >= 0:
                seen = at + len(steps[0][0].encode())
                act(child, terminal, steps.pop(0)[1])
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                part = b""
            shown += part
            ended = not part
    if not ended:
        os.kill(child, signal.SIGKILL)
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    json.dump({"shown": shown.decode("utf-8", "replace"), "code": code, "echoes": echoes}, sys.stdout)


def act(child, terminal, deed):
    time.sleep(0.1)  # the question stands there before the program has switched the echo off
    if isinstance(deed, str):
        os.write(terminal, deed.encode())
    else:
        os.kill(child, getattr(signal, deed["signal"]))


if __name__ == "__main__":
    main()
