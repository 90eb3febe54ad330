#!/usr/bin/env python3
"""How long a learner waits for a verdict, beside a bare tonic hello-world.

    benches/verdict.py edit  [RUNS]    save a file -> `cargo test -p LAB`
    benches/verdict.py clone [RUNS]    fresh clone, nothing compiled -> `cargo test -p LAB`

They are timed in turn, so that a machine whose speed drifts slows all; the ratio of each pair is
what counts. The hello-world is timed as `cargo new` makes one, and with the course's build profile,
which is quicker to link. `clone` takes the last commit, and downloads nothing that cargo has already
(`--empty-cargo-home` makes it download everything, twice a run).
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELLO = ROOT / "benches" / "hello"


def verdict(command, folder, target, cargo_home=None):
    """Seconds until a verdict. Red is one as well, a failed build is not."""
    environment = dict(os.environ, CARGO_TARGET_DIR=str(target))
    if cargo_home:
        environment["CARGO_HOME"] = str(cargo_home)
    began = time.monotonic()
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if "test result:" not in run.stdout and "next:" not in run.stdout:
        sys.exit(f"{' '.join(map(str, command))} in {folder} gave no verdict:\n{run.stderr}")
    return seconds


def hello_in(folder, our_profile):
    """A copy of the hello-world, with the course's versions."""
    hello = pathlib.Path(folder) / ("hello-ours" if our_profile else "hello")
    shutil.copytree(HELLO, hello, ignore=shutil.ignore_patterns("target"))
    shutil.copy(ROOT / "Cargo.lock", hello)
    if our_profile:
        profile = (ROOT / "Cargo.toml").read_text().partition("[profile.dev]")[1:]
        with open(hello / "Cargo.toml", "a") as manifest:
            manifest.write("\n" + "".join(profile))
    return hello


def edit(lab, scratch):
    """What is timed: a name, the file that is saved, the folder, the command."""
    stub = ROOT / "labs" / lab / "src" / "service.rs"
    solution = ROOT / "solutions" / lab / "src" / "service.rs"
    hello, ours = hello_in(scratch, False), hello_in(scratch, True)
    course = pathlib.Path(scratch) / "target-course"
    subprocess.run(
        ["cargo", "build", "--quiet", "--package", "lab"],
        cwd=ROOT, env=dict(os.environ, CARGO_TARGET_DIR=str(course)), check=True,
    )
    test = ["cargo", "test"]
    rows = {
        "hello": (hello / "src" / "main.rs", hello, test, hello / "target"),
        "hello, our profile": (ours / "src" / "main.rs", ours, test, ours / "target"),
        f"{lab}, the stub": (stub, ROOT, test + ["--package", lab], course),
        f"{lab}, by cargo lab": (stub, ROOT, [course / "debug" / "lab", "test", lab], course),
        f"{lab}, the solution": (solution, ROOT, test + ["--package", f"{lab}-solution"], course),
    }

    def once(name):
        source, folder, command, target = rows[name]
        os.utime(source)
        return verdict(command, folder, target)

    for name in rows:
        once(name)  # builds everything
    return rows, once


def clone(lab, scratch, empty_cargo_home):
    rows = ["hello", "hello, our profile", lab]

    def once(name):
        with tempfile.TemporaryDirectory(dir=scratch) as fresh:
            fresh = pathlib.Path(fresh)
            home = fresh / "cargo-home" if empty_cargo_home else None
            if name != lab:
                folder, command = hello_in(fresh, name != "hello"), ["cargo", "test"]
            else:
                folder, command = fresh / "course", ["cargo", "test", "--package", lab]
                subprocess.run(
                    ["git", "clone", "--quiet", f"file://{ROOT}", str(folder)], check=True
                )
            return verdict(command, folder, fresh / "target", home)

    return rows, once


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["edit", "clone"])
    parser.add_argument("runs", nargs="?", type=int, default=5)
    parser.add_argument("--lab", default="calculator")
    parser.add_argument("--empty-cargo-home", action="store_true")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        if options.what == "edit":
            rows, once = edit(options.lab, scratch)
        else:
            rows, once = clone(options.lab, scratch, options.empty_cargo_home)
        times = {name: [] for name in rows}
        for _ in range(options.runs):
            for name in rows:
                times[name].append(once(name))

    print(f"{'':28} {'min':>8} {'median':>8} {'max':>8}   ratio to hello, pair by pair")
    for name, seconds in times.items():
        ratios = [ours / floor for ours, floor in zip(seconds, times["hello"])]
        print(
            f"{name:28} {min(seconds):8.2f} {statistics.median(seconds):8.2f} {max(seconds):8.2f}"
            f"   {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
