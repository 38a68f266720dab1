"""What does a session of the app cost, and how many calls does it answer, next to the smallest gradio app?

    python -m benchmarks.visitors.load [MODEL ...] [--gradio] [--clients 50] [--rounds 5] [--sessions 300]

Each app runs in a process of its own that is watched from outside, while the clients take their share of the
same cores. A session: calls of one function one after the other, each in a session of its own, then as many
in one session; what the former cost more, in memory that stays and in time of a processor, is a session's.
Rounds: all clients at once open the page and call functions in new sessions; memory that is resident after
each round. Calls: all clients at once, each calling again as soon as it has its answer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks._shared.tables import heading, row, short
from benchmarks._shared.visitors import Server, Visit, Visitor, digit, serving, together
from benchmarks.ui import processor

COST = "ms of a processor"
KEPT, RATE, SLOWEST = 30.0, 20.0, 3.0  # the goals: kB a session, calls a second, seconds at p95


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors.load")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: all ready-made ones")
    parser.add_argument("--clients", type=int, default=50, help="at once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=300, help="to take the mean of")
    parser.add_argument("--seconds", type=float, default=10, help="of calls, for each way to call")
    parser.add_argument("--gradio", action="store_true", help="this app with gradio's own sessions, too")
    given = parser.parse_args(words)
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    here, stock = [sys.executable, "-m"], [sys.executable, "-m", "benchmarks._shared.stock"]
    with ExitStack() as apps:
        app = apps.enter_context(
            serving(
                [*here, "diabolo.ui.cli", "ui", *given.models, "--no-browser", "--device", "cpu", "--port"]
            )
        )
        tasks = {"this app": (app, tasks_of(app))}
        if given.gradio:
            app = apps.enter_context(serving([*stock, "--ours", *given.models]))
            tasks["with gradio's sessions"] = app, tasks_of(app)
        tasks["a small gradio app"] = apps.enter_context(serving(stock)), {"backwards": ["gradio"]}
        tables(tasks, given)


def tables(tasks: dict[str, tuple[Server, dict[str, list[Any]]]], given: argparse.Namespace) -> None:
    heading("A session:", ("app", "function", "kB kept", "goal", COST))
    for title, (server, functions) in tasks.items():
        for function, data in functions.items():
            session(server, title, function, data, given.sessions)
    numbers = [f"round {number}" for number in range(1, given.rounds + 1)]
    heading(f"MB resident, {given.clients} clients a round:", ("app", "before", *numbers))
    for title, (server, functions) in tasks.items():
        rounds(server, title, functions, given.clients, given.rounds)
    columns = ("app", "function", "how", "calls a second", "goal", "p50", "p95", "goal", COST)
    heading(f"{given.clients} clients at once:", columns)
    for title, (server, functions) in tasks.items():
        for function, data in functions.items():
            for how, visit in ways(function, data).items():
                calls(server, (title, function, how), visit, given.clients, given.seconds)


def tasks_of(app: Server) -> dict[str, list[Any]]:
    """What is called, with its arguments, of the first model."""
    visitor = Visitor(app.port)
    known = json.loads(visitor.ask("/gradio_api/info"))["named_endpoints"]
    model = known["/decode"]["parameters"][0]["parameter_default"]
    picture = visitor.upload(digit())
    width = len(visitor.run("encode", [model, picture])[0])
    return {"decode": [model, [0.5] * width], "reconstruct": [model, picture]}


def ways(function: str, data: list[Any]) -> dict[str, Visit]:
    return {
        "run": lambda visitor: visitor.run(function, data),
        "call": lambda visitor: visitor.call(function, data),
        "call, in a session": lambda visitor: visitor.call(function, data, visitor.session),
    }


def session(server: Server, title: str, function: str, data: list[Any], count: int) -> None:
    visitor = Visitor(server.port)

    def ask(sessions: list[str]) -> tuple[float, float]:
        memory, cost = server.memory, server.cost
        for name in sessions:
            visitor.run(function, data, name)
        return server.memory - memory, server.cost - cost

    one = [visitor.session] * count
    ask(one)  # what is made at first use
    kept, cost = ask([uuid.uuid4().hex for _ in one])
    kept_in_one, cost_in_one = ask(one)
    each = 1000 * (kept - kept_in_one) / count
    spent = f"{1000 * (cost - cost_in_one) / count:.1f}"
    row(title, function, f"{each:.0f}{short(each, KEPT)}", f"<= {KEPT:.0f}", spent)


def rounds(server: Server, title: str, tasks: dict[str, list[Any]], clients: int, count: int) -> None:
    def visit(visitor: Visitor) -> None:
        visitor.ask("/")
        for function, data in tasks.items():
            visitor.call(function, data)
            visitor.call(function, data, visitor.session)

    seen = [server.memory]
    for _ in range(count):
        together(server, clients, visit)
        seen.append(server.memory)
    row(title, *(f"{memory:.0f}" for memory in seen))


def calls(server: Server, names: tuple[str, ...], visit: Visit, clients: int, seconds: float) -> None:
    began, cost = time.perf_counter(), server.cost
    took = together(server, clients, visit, seconds)
    rate, spent = len(took) / (time.perf_counter() - began), (server.cost - cost) / len(took)
    half, most = np.percentile(took, (50, 95))
    missed = " (not reached)" if rate < RATE else ""
    goals = f"{rate:.1f}{missed}", f">= {RATE:.0f}", f"{half:.2f} s", f"{most:.2f} s{short(most, SLOWEST)}"
    row(*names, *goals, f"< {SLOWEST:.0f} s", f"{1000 * spent:.0f}")


if __name__ == "__main__":
    main()
