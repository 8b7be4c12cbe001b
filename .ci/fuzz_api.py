"""Starts an instance, tries docs/openapi.yaml on it with Schemathesis, and stops it.

usage: fuzz_api.py PACELINE [ARGUMENT OF SCHEMATHESIS…]
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

FOLDER = pathlib.Path("target/fuzz-api")
SEED = "20261121"
# Seconds in which an instance is up, and in which it is down.
PATIENCE = 120


def start(paceline):
    """Starts an instance of its own, and returns it with how to reach it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    endpoint = FOLDER / "endpoint.json"
    # Its first lines hold a token, and nothing that is printed here may.
    with open(FOLDER / "instance.log", "wb") as log:
        arguments = [paceline, "--data-dir", str(FOLDER), "--port", "0"]
        instance = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT)
    until = time.monotonic() + PATIENCE
    while not endpoint.exists():
        if instance.poll() is not None or time.monotonic() > until:
            instance.kill()
            sys.exit((FOLDER / "instance.log").read_text())
        time.sleep(0.05)
    return instance, endpoint


def stop(instance):
    """Stops it as Ctrl-C does."""
    instance.send_signal(signal.SIGINT)
    try:
        instance.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        instance.kill()
        sys.exit("the instance did not stop")


def main():
    """Tries everything once, the same whenever the tree is."""
    paceline, *more = sys.argv[1:]
    instance, endpoint = start(paceline)
    try:
        reach = json.loads(endpoint.read_text())
        environment = {**os.environ, "PACELINE_ENDPOINT": str(endpoint), "PACELINE_TOKEN": reach["token"]}
        schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
        arguments = [schemathesis, "--config-file", ".ci/schemathesis.toml", "run", "docs/openapi.yaml"]
        arguments += ["--url", reach["url"], "--seed", SEED, "--generation-database", "none", "--no-color", *more]
        done = subprocess.run(arguments, env=environment, check=False)
    finally:
        stop(instance)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
