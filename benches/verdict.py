#!/usr/bin/env python3
"""How long a learner waits for a verdict, beside a bare tonic hello-world.

    benches/verdict.py edit  [RUNS]    save a file -> `cargo test -p LAB`
    benches/verdict.py clone [RUNS]    fresh clone, nothing compiled -> `cargo test -p LAB`

The two are timed in turn, so that a machine whose speed drifts slows both; the ratio of each pair
is what counts. `clone` takes the last commit, and downloads nothing that cargo has already
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


def cargo_test(folder, package, target, cargo_home=None):
    """Seconds that `cargo test` takes. Red is a verdict as well, a failed build is not."""
    environment = dict(os.environ, CARGO_TARGET_DIR=str(target))
    if cargo_home:
        environment["CARGO_HOME"] = str(cargo_home)
    command = ["cargo", "test"] + (["--package", package] if package else [])
    began = time.monotonic()
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if "test result:" not in run.stdout:
        sys.exit(f"{' '.join(command)} in {folder} gave no verdict:\n{run.stderr}")
    return seconds


def hello_in(folder):
    """A copy of the hello-world, with the course's versions."""
    hello = pathlib.Path(folder) / "hello"
    shutil.copytree(HELLO, hello, ignore=shutil.ignore_patterns("target"))
    shutil.copy(ROOT / "Cargo.lock", hello)
    return hello


def edit(lab, runs, scratch):
    hello = hello_in(scratch)
    package = lab
    sources = {
        "hello": hello / "src" / "main.rs",
        lab: ROOT / "labs" / lab / "src" / "service.rs",
        f"{lab}-solution": ROOT / "solutions" / lab / "src" / "service.rs",
    }
    targets = {name: pathlib.Path(scratch) / f"target-{name}" for name in sources}

    def once(name):
        os.utime(sources[name])
        folder, package = (hello, None) if name == "hello" else (ROOT, name)
        return cargo_test(folder, package, targets[name])

    for name in sources:
        once(name)  # builds everything
    return {name: [] for name in sources}, once


def clone(lab, runs, scratch, empty_cargo_home):
    def once(name):
        with tempfile.TemporaryDirectory(dir=scratch) as fresh:
            fresh = pathlib.Path(fresh)
            home = fresh / "cargo-home" if empty_cargo_home else None
            if name == "hello":
                return cargo_test(hello_in(fresh), None, fresh / "target", home)
            subprocess.run(
                ["git", "clone", "--quiet", f"file://{ROOT}", fresh / "course"], check=True
            )
            return cargo_test(fresh / "course", lab, fresh / "target", home)

    return {"hello": [], lab: []}, once


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
            times, once = edit(options.lab, options.runs, scratch)
        else:
            times, once = clone(options.lab, options.runs, scratch, options.empty_cargo_home)
        for _ in range(options.runs):
            for name in times:
                times[name].append(once(name))

    print(f"{'':24} {'min':>8} {'median':>8} {'max':>8}   ratio to hello, pair by pair")
    for name, seconds in times.items():
        ratios = [ours / floor for ours, floor in zip(seconds, times["hello"])]
        print(
            f"{name:24} {min(seconds):8.2f} {statistics.median(seconds):8.2f} {max(seconds):8.2f}"
            f"   {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
