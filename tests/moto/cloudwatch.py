#!/usr/bin/env python3
"""One address for all of moto's services, CloudWatch's newest protocol and some services that moto has not included.

    cloudwatch.py    prints the address, and serves until its standard input ends (serve.py starts it)

Knows: how Smithy RPC v2 CBOR, which is all that the AWS SDK for Rust speaks to CloudWatch, maps to JSON 1.0, which moto
speaks; percentiles and tasks of one service, which moto lacks; the one answer of S3 whose root it names in its own way; and which account and region
signed a request for a service of the modules fake_*.py, which answer instead of moto, in JSON or in CBOR. Every other request passes
as it came.
"""

import base64
import gzip
import json
import logging
import math
import re
import sys
import threading
from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
import botocore.session  # noqa: E402
import cbor2  # noqa: E402
import fake_cloud_control  # noqa: E402
from moto.cloudwatch.models import CloudWatchBackend, Statistics  # noqa: E402
from moto.ecs.models import EC2ContainerServiceBackend  # noqa: E402
from moto.iam.models import get_account_id_from  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

FAKE_MODULES = [fake_cloud_control]
try:
    import fake_costs  # noqa: E402

    FAKE_MODULES.append(fake_costs)
except ModuleNotFoundError as absent:
    if absent.name != "fake_costs":
        raise
# Names that stand before the operation: in X-Amz-Target, and in the path of CBOR.
FAKES = {service: module for module in FAKE_MODULES for service in module.SERVICES}
TARGET, OPTIMIZER = "GraniteServiceVersion20100801", "ComputeOptimizerService"
OPERATION = re.compile(rf"/service/({TARGET}|{OPTIMIZER})/operation/(\w+)")
SIGNED_BY = re.compile(r"Credential=([^/,]+)/\d+/([^/,]+)/")
SESSION = botocore.session.get_session()
MODEL = SESSION.get_service_model("cloudwatch")
# Services whose requests are CBOR.
MODELS = {TARGET: MODEL, OPTIMIZER: SESSION.get_service_model("compute-optimizer")}
# Of the bytes that came, not of what is sent instead.
OF_THE_BODY = {"accept", "content-encoding", "content-length", "content-type", "smithy-protocol", "transfer-encoding"}
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}
TO_JSON = {"timestamp": lambda at: at.timestamp(), "blob": lambda raw: base64.b64encode(raw).decode()}
# Decoders for CBOR take no whole number where the model says double; JSON does not tell the two apart.
TO_CBOR = {"timestamp": lambda at: cbor2.CBORTag(1, at), "blob": base64.b64decode, "double": float, "float": float}


def translated(value, shape, leaves):
    """The value with each leaf in the other encoding, as the shape says what it is."""
    if shape.type_name == "structure":
        known = {name: value[name] for name in shape.members if value.get(name) is not None}
        return {name: translated(member, shape.members[name], leaves) for name, member in known.items()}
    if shape.type_name == "list":
        return [translated(member, shape.member, leaves) for member in value]
    if shape.type_name == "map":
        return {name: translated(member, shape.value, leaves) for name, member in value.items()}
    return leaves.get(shape.type_name, lambda same: same)(value)


def percentile(self, name, otherwise=Statistics.get_statistics_for_type):
    """Percentiles too, which moto has not: the value of the nearest rank, so always one that was stored."""
    values = sorted(self.metric_single_values_list)
    if not values or not re.fullmatch(r"p\d+(\.\d+)?", name):
        return otherwise(self, name)
    return values[max(math.ceil(len(values) * float(name[1:]) / 100), 1) - 1]


def by_period(self, queries, start_time, end_time, scan_by, otherwise=CloudWatchBackend.get_metric_data):
    """moto's answer without comparing each period with each point: two weeks of five minutes took it six seconds a query."""
    start, end = (time.replace(microsecond=0) for time in (start_time, end_time))
    if start >= end or any("MetricStat" not in query for query in queries):
        return otherwise(self, queries=queries, start_time=start_time, end_time=end_time, scan_by=scan_by)
    stored = defaultdict(list)
    for point in self.get_all_metrics():
        if start <= point.timestamp < end:
            named = frozenset((dimension.name, dimension.value) for dimension in point.dimensions)
            stored[point.namespace, point.name, named].append(point)
    results = []
    for query in queries:
        asked, periods = query["MetricStat"], defaultdict(list)
        metric, length = asked["Metric"], timedelta(seconds=int(asked["Period"]))
        named = frozenset((dimension["Name"], dimension["Value"]) for dimension in metric.get("Dimensions", []))
        for point in stored[metric["Namespace"], metric["MetricName"], named]:
            if asked.get("Unit") in (None, point.unit):
                periods[start + (point.timestamp - start) // length * length].append(point)
        times, values = sorted(periods, reverse=scan_by == "TimestampDescending"), []
        for time in times:
            statistics = Statistics([asked["Stat"]], time)
            statistics.metric_data = periods[time]
            values.append(statistics.get_statistics_for_type(asked["Stat"]))
        label = query.get("Label") or f"{metric['MetricName']} {asked['Stat']}"
        answer = {"id": query["Id"], "label": label, "values": values, "timestamps": times, "status_code": "Complete"}
        results += [answer] if query.get("ReturnData", True) else []
    return results


def distinct(self, metric_name, namespace, dimensions):
    """moto's answer without comparing each point with every one before it."""
    first = {}
    for point in self.get_all_metrics():
        if namespace in (None, point.namespace) and metric_name in (None, point.name):
            named = frozenset((dimension.name, dimension.value) for dimension in point.dimensions)
            first.setdefault((point.namespace, point.name, named), point)
    asked = {"namespace": namespace, "name": metric_name, "dimensions": dimensions, "already_present_metrics": []}
    return [point for point in first.values() if point.filter(**asked)]


def of_service(self, *asked, otherwise=EC2ContainerServiceBackend.list_tasks):
    """Of one service too, which moto has not: what ECS starts for a service has it as its group."""
    service = asked[4]
    return [task for task in otherwise(self, *asked) if service is None or task.group == f"service:{service}"]


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: the second must not wait for the first to be acknowledged.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """A line for each request helps nobody."""

    def body(self):
        """What follows the head, framed as it came."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        raw, size = b"", 1
        while size:
            line = self.rfile.readline()
            size = int(line.partition(b";")[0], 16)
            # The last chunk is empty; a blank line, or trailers and one, end the body.
            raw += line + self.rfile.read(size + 2 if size else 0)
        while True:
            line = self.rfile.readline()
            raw += line
            if line in (b"\r\n", b""):
                return raw

    def moto(self, path, headers, body):
        connection = HTTPConnection("127.0.0.1", self.server.moto)
        connection.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        with closing(connection), connection.getresponse() as answer:
            return answer.status, answer.reason, answer.getheaders(), answer.read()

    def model(self, service, operation):
        """What botocore says of an operation; `None`: there is none of this name."""
        known = MODELS[service]
        return known.operation_model(operation) if operation in known.operation_names else None

    def unpacked(self, body):
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def in_json(self, body, model):
        """What CBOR asks, as JSON would."""
        body = self.unpacked(body)
        return translated(cbor2.loads(body) if body else {}, model.input_shape, TO_JSON) if model and model.input_shape else {}

    def fake(self, service, operation, asked):
        """The answer of a module here, to whoever signed."""
        signed = SIGNED_BY.search(self.headers.get("Authorization", ""))
        key, region = signed.groups() if signed else ("", "us-east-1")
        return FAKES[service].answer(service, operation, get_account_id_from(key), region, asked)

    def fake_in_json(self, target, body):
        service, _, operation = target.partition(".")
        body = self.unpacked(body)
        status, said = self.fake(service, operation, json.loads(body) if body else {})
        kind = self.headers.get("Content-Type", "application/x-amz-json-1.0")
        return status, None, [("Content-Type", kind)], json.dumps(said).encode()

    def fake_in_cbor(self, service, operation, body):
        model = self.model(service, operation)
        status, said = self.fake(service, operation, self.in_json(body, model))
        headers = [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")]
        if status < 300:
            said = translated(said, model.output_shape, TO_CBOR)
        return status, None, headers, cbor2.dumps(said)

    def cloudwatch(self, operation, body):
        """The answer of moto's JSON 1.0, in CBOR both ways."""
        model = self.model(TARGET, operation)
        asked = json.dumps(self.in_json(body, model)).encode()
        kept = [pair for pair in self.headers.items() if pair[0].lower() not in OF_THE_BODY]
        kept += [("X-Amz-Target", f"{TARGET}.{operation}"), ("x-amzn-query-mode", "true")]
        kept += [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(asked)))]
        status, reason, headers, body = self.moto("/", kept, asked)
        headers = [pair for pair in headers if pair[0].lower() not in {"content-type", "content-length"}]
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
        if status >= 300:
            try:
                said = json.loads(body)
            except ValueError:
                # What moto has not, or fails on, is a page of HTML.
                said = {"__type": "InternalFailure"}
            message = said.get("message") or said.get("Message") or f"{status} {reason}"
            said = {"__type": said.get("__type", "InternalFailure"), "message": message}
        elif model.output_shape:
            said = translated(json.loads(body), model.output_shape, TO_CBOR)
        else:
            return status, reason, headers, b""
        return status, reason, [*headers, ("Content-Type", "application/cbor")], cbor2.dumps(said)

    def answer(self):
        body, operation, target = self.body(), OPERATION.fullmatch(self.path), self.headers.get("X-Amz-Target", "")
        in_cbor = operation and self.headers.get("Content-Type") == "application/cbor"
        if in_cbor and operation[1] in FAKES:
            status, reason, headers, said = self.fake_in_cbor(operation[1], operation[2], body)
        elif target.partition(".")[0] in FAKES:
            status, reason, headers, said = self.fake_in_json(target, body)
        elif in_cbor and operation[1] == TARGET:
            status, reason, headers, said = self.cloudwatch(operation[2], body)
        else:
            status, reason, headers, said = self.moto(self.path, self.headers.items(), body)
            # The root as S3 has it; clients that look at it read nothing else.
            said = said.replace(b"GetBucketVersioningResponse", b"VersioningConfiguration")
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
        self.send_response_only(status, reason)
        headers = [pair for pair in headers if pair[0].lower() not in OF_THE_CONNECTION]
        for name, value in headers:
            self.send_header(name, value)
        if all(name.lower() != "content-length" for name, _ in headers) and status not in (204, 304):
            self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = answer


class Server(ThreadingHTTPServer):
    # A collector opens many connections at once; those past the default of five would wait a second.
    request_queue_size = 128


def main():
    Statistics.get_statistics_for_type, CloudWatchBackend.get_metric_data = percentile, by_period
    CloudWatchBackend.get_filtered_metrics, EC2ContainerServiceBackend.list_tasks = distinct, of_service
    log = logging.getLogger("werkzeug")
    log.setLevel(logging.ERROR)
    # What moto has not is a gap, and the collector's to say; what moto fails on is said.
    log.addFilter(lambda record: "NotImplementedError" not in record.getMessage())
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    proxy = Server(("127.0.0.1", 0), Proxy)
    _, proxy.moto = moto.get_host_and_port()
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{proxy.server_port}", flush=True)
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
