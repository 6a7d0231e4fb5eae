#!/usr/bin/env python3
"""Public traces as surgeon reads them, and the ratios that come with it.

    traces.py azure microsoft_avg_100.parquet > azure.csv
    traces.py bitbrains fastStorage_50vms_2013.parquet fastStorage_50vms_meta.csv > bitbrains.csv
    traces.py planetlab cpu_pct_20110303.csv.gz > planetlab.csv
    traces.py ratios target/release/surgeon azure.csv bitbrains.csv > src/derive/fit/default-ratios.csv

Azure: AzurePublicDatasetV1 (CC-BY-4.0), 100 machines, 28 days, carried by the R package DataCenterSim. Bitbrains: GWA-T-12 fastStorage (Shen,
van Beek and Iosup 2015), 50 machines, up to 30 days, carried by opendc; a value holds for the `duration` before its time, an hour at most.
PlanetLab: CoMon, 3 March 2011, 1,052 machines, one day; ten days, as other studies use, were not at hand. All of five minutes.
"""

import csv
import gzip
import json
import subprocess
import sys

START = 1_499_999_700
BUDGETS = [0.1, 0.5, 1, 2, 5]
HEAD = """# title = "Need of 14 days of processor time over the statistic of the 14 days before, a tenth added to both, sorted; one column a budget"
# how = "benches/traces.py ratios: the field ratios of surgeon backtest rightsizing, of both sets together"
# [source.azure]
# title = "Azure Public Dataset V1 (2017), 100 virtual machines, 28 days by 5 minutes; carried by DataCenterSim"
# licence = "CC-BY-4.0"
# [source.bitbrains]
# title = "GWA-T-12 Bitbrains fastStorage, 40 virtual machines, up to 30 days by 5 minutes; Shen, van Beek and Iosup 2015; carried by opendc"
# licence = "MIT"
"""


def rows(table):
    """Rows of a Parquet file as dictionaries."""
    import pyarrow.parquet
    return pyarrow.parquet.read_table(table).to_pylist()


def azure(table):
    for at, row in enumerate(rows(table)):
        yield from ((name, START + 300 * at, value) for name, value in row.items() if name.startswith("vm"))


def bitbrains(table, meta):
    with open(meta) as lines:
        capacity = {row["id"]: float(row["cpu_capacity"]) for row in csv.DictReader(lines)}
    for row in rows(table):
        end = int(row["timestamp"].timestamp()) // 300 * 300
        for back in range(min(12, max(1, round(row["duration"] / 300_000)))):
            yield row["id"], end - 300 * back, 100 * row["cpu_usage"] / capacity[row["id"]]


def planetlab(table):
    with gzip.open(table, "rt") as lines:
        for row in list(csv.reader(lines))[1:]:
            yield from ((row[0], START + 300 * at, float(value)) for at, value in enumerate(row[1:]))


def ratios(surgeon, *traces):
    columns = []
    for budget in BUDGETS:
        of = []
        for trace in traces:
            asked = [surgeon, "backtest", "rightsizing", trace, "--budget", str(budget), "--calibrate", "others", "-f", "json"]
            of += map(float, json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)["ratios"])
        columns.append(sorted(of))
    print(HEAD + ",".join(str(budget / 100) for budget in BUDGETS))
    for row in zip(*columns):
        print(",".join(f"{ratio:.4f}" for ratio in row))


def main():
    what, *files = sys.argv[1:]
    if what == "ratios":
        ratios(*files)
        return
    print("resource,time,metric,value")
    for name, time, value in {"azure": azure, "bitbrains": bitbrains, "planetlab": planetlab}[what](*files):
        print(f"{name},{time},cpu,{value:.6g}")


main()
