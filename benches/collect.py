#!/usr/bin/env python3
"""Two thousand instances with two weeks of metrics: surgeon beside Cloud Custodian, on the same server.

    collect.py SURGEON CUSTODIAN [--instances 2000] [--latency 0.05]    prints seconds, their own processor time, and calls of each

SURGEON and CUSTODIAN are the two programs (`pip install c7n` in an environment of its own). The server is moto, behind the proxy of
`tests/moto`, in this process; it counts requests by operation. Metrics are read from an index of this script, so that the time of
the server is the same for one series whoever asks for it.
"""

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "moto"))
import serve  # noqa: E402

serve.enter(__file__, sys.argv[1:])
import boto3  # noqa: E402
import cloudwatch  # noqa: E402
from moto.cloudwatch.models import CloudWatchBackend  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

REGION, DAYS, HOUR = "eu-west-1", 14, 3600
END = datetime(2026, 10, 1, tzinfo=timezone.utc)
METRICS = {"CPUUtilization": 3.0, "NetworkIn": 2e5, "NetworkOut": 1e5}


def value(identity, name, at):
    """Of an hour: some instances work, most do next to nothing."""
    busy = 15.0 if int(identity[-2:], 16) % 8 == 0 else 1.0
    return METRICS[name] * busy * (1 + (at * 7 % 11) / 20)


def data(self, queries, start_time, end_time, scan_by):
    """GetMetricData from the index."""
    hours = range(DAYS * 24)
    results = []
    for query in queries:
        metric = query["MetricStat"]["Metric"]
        identity = metric["Dimensions"][0]["Value"]
        known = metric["MetricName"] in METRICS
        times = [END - timedelta(hours=DAYS * 24 - at) for at in hours] if known else []
        values = [value(identity, metric["MetricName"], at) for at in hours] if known else []
        results.append({
            "id": query["Id"], "label": metric["MetricName"], "timestamps": times, "values": values, "status_code": "Complete",
        })
    return results


def statistics(self, namespace, metric_name, start_time, end_time, period, stats, dimensions, unit=None, **_):
    """GetMetricStatistics of the same: one point for each period, its mean."""
    identity, hours = dimensions[0]["Value"], max(int(period) // HOUR, 1)
    found = []
    for first in range(0, DAYS * 24 if metric_name in METRICS else 0, hours):
        values = [value(identity, metric_name, at) for at in range(first, min(first + hours, DAYS * 24))]
        time = END - timedelta(hours=DAYS * 24 - first)
        found.append({"Timestamp": time, "Average": sum(values) / len(values), "Unit": "Percent"})
    return found


class Counting(cloudwatch.Proxy):
    calls, latency = Counter(), 0.0

    def moto(self, path, headers, body):
        headers = list(headers)
        target = next((text for name, text in headers if name.lower() == "x-amz-target"), "")
        action = next((part[7:] for part in body.decode(errors="replace").split("&") if part.startswith("Action=")), "")
        self.calls[target.rpartition(".")[2] or action or f"{self.command} {path}"] += 1
        time.sleep(self.latency)
        return super().moto(path, headers, body)


def run(command, address):
    Counting.calls.clear()
    environment = {
        **os.environ, "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION, "NO_PROXY": "127.0.0.1",
    }
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        sys.exit(f"{command}: {done.stderr[-2000:]}")
    found = [line for line in (done.stdout + done.stderr).splitlines() if "rows" in line or "count:" in line]
    calls = dict(Counting.calls.most_common(4))
    print(f"{Path(command[0]).name:<12} {seconds:8.1f} s, own {own:6.1f} s, {sum(Counting.calls.values()):6} calls {calls}", *found, sep="\n  ")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("surgeon")
    parser.add_argument("custodian")
    parser.add_argument("--instances", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every request waits, as for a distant server")
    asked = parser.parse_args()
    Counting.latency = asked.latency
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    CloudWatchBackend.get_metric_data, CloudWatchBackend.get_metric_statistics = data, statistics
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    proxy = cloudwatch.Server(("127.0.0.1", 0), Counting)
    _, proxy.moto = moto.get_host_and_port()
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{proxy.server_port}"
    ec2 = boto3.Session("test", "test").client("ec2", REGION, endpoint_url=address)
    for first in range(0, asked.instances, 500):
        count = min(500, asked.instances - first)
        ec2.run_instances(ImageId="ami-04681a1dbd79675a5", InstanceType="m5.large", MinCount=count, MaxCount=count)
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.json"
        idle = {"type": "metrics", "name": "CPUUtilization", "statistics": "Average", "days": DAYS, "value": 5, "op": "lt"}
        policy.write_text(json.dumps({"policies": [{"name": "idle", "resource": "aws.ec2", "filters": [idle]}]}))
        end = ["--as-of", f"{END:%Y-%m-%d}", "-o", f"{folder}/inventory"]
        run([asked.surgeon, "collect", "--endpoint", address, "--region", REGION, "--only", "ec2_instances", *end], address)
        run([asked.custodian, "run", "--region", REGION, "--cache", "", "-s", f"{folder}/out", str(policy)], address)


if __name__ == "__main__":
    main()
