"""Runs a command some times and prints, as TSV, the median wall and user seconds and the largest peak RSS in MiB."""

import os
import statistics
import subprocess
import sys
import time


def once(command, log):
    """Wall seconds, user seconds and peak RSS of one run."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=log, stderr=log)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise SystemExit(f"exit code {code}: {' '.join(command)} (output in {log.name})")
    # Linux counts KiB, macOS bytes.
    peak = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return wall, used.ru_utime, peak


def main():
    if len(sys.argv) < 4:
        raise SystemExit("usage: measure.py RUNS LOG COMMAND...")
    with open(sys.argv[2], "ab") as log:
        runs = [once(sys.argv[3:], log) for _ in range(int(sys.argv[1]))]
    wall, user, peak = zip(*runs)
    print(f"{statistics.median(wall):.1f}\t{statistics.median(user):.1f}\t{max(peak):.0f}")


if __name__ == "__main__":
    main()
