#!/usr/bin/env python3
"""Moto servers on free ports of this machine, for the tests of what is asked of AWS.

    serve.py                 prints the address of all services, and serves until it is stopped
    serve.py COMMAND [ARG…]  runs the command with the addresses in its environment, and ends as it ends

SURGEON_TEST_S3 is a moto server; nothing resets it. SURGEON_TEST_AWS is another one behind cloudwatch.py: populate.py
resets it, and tests run side by side. SURGEON_TEST_ACME is the demo company's, filled by acme.py, and SURGEON_TEST_FLEET that of another
company, filled by fleet.py. One process has one state, so they are four.

What requirements.txt pins is installed once, into a virtual environment beside the build caches: nothing in the checkout.
"""

import hashlib
import logging
import os
import subprocess
import sys
import threading
import venv
from pathlib import Path

PINS = Path(__file__).with_name("requirements.txt")


def environment():
    """The virtual environment for these pins; made when there is none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve()
    pins = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / "scale-surgeon" / f"moto-{pins}"
    complete = folder / "complete"
    if not complete.exists():
        venv.create(folder, clear=True, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # Standard output is the address alone.
        subprocess.run([*pip, "-r", PINS], check=True, stdout=sys.stderr)
        complete.touch()
    return folder


def enter(script, arguments):
    """Goes on in the pinned environment: another moto that this machine may have is not the pinned one."""
    folder = environment()
    if Path(sys.prefix).resolve() != folder:
        there = str(folder / "bin" / "python")
        os.execv(there, [there, script, *arguments])


def main(command):
    enter(__file__, command)
    # It ends with its standard input, so with this process, however this one ends.
    def started(script):
        script = Path(__file__).with_name(script)
        return subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    services = started("cloudwatch.py")
    companies = {name: started(f"{name}.py") for name in ("acme", "fleet")} if command else {}
    from moto.server import ThreadedMotoServer

    # A line for each request helps nobody; what fails in the server does.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        aws = services.stdout.readline().strip()
        if not aws:
            sys.exit("cloudwatch.py did not start: see above")
        if not command:
            print(aws, flush=True)
            threading.Event().wait()
        addresses = {"SURGEON_TEST_S3": f"http://{host}:{port}", "SURGEON_TEST_AWS": aws}
        for name, company in companies.items():
            address = company.stdout.readline().strip()
            if not address:
                sys.exit(f"{name}.py did not start: see above")
            addresses[f"SURGEON_TEST_{name.upper()}"] = address
        code = subprocess.run(command, env={**os.environ, **addresses}).returncode
    except KeyboardInterrupt:
        return 130
    # A command that a signal ended has its number below zero.
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
