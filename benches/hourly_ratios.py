"""Makes src/derive/fit/hourly-ratios.csv, and shows what it promises, from the traces that benches/traces.py writes.

    python benches/hourly_ratios.py azure.csv bitbrains.csv > ratios

Points of five minutes; the first half of the time by means of the hour, the second by its points. The budget is one percent.
"""

import csv
import math
import sys

import numpy as np

GRAIN, EASE, STEP, HOUR = 1e-4, 0.1, 300, 12


def traces(path):
    found = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["resource"], {})[int(row["time"])] = float(row["value"]) / 100
    for points in found.values():
        start = min(points)
        grid = np.full((max(points) - start) // STEP + 1, np.nan, np.float32)
        for time, value in points.items():
            grid[(time - start) // STEP] = value
        yield grid


def quantile(values, share):
    ordered = np.sort(values[~np.isnan(values)])
    place = max(0, math.ceil(share * (len(ordered) - 1) - 1e-9))
    return float(ordered[min(place, len(ordered) - 1)]) if len(ordered) else None


def statistic(values, a_day):
    slices = max(1, min(a_day, len(values) // 6))
    days = [quantile(values[at : at + slices], 0.99) for at in range(0, len(values), slices)]
    bad_day = quantile(np.array([day for day in days if day is not None], np.float32), 0.9)
    return math.sqrt((quantile(values, 0.995) + GRAIN) * (bad_day + GRAIN))


def hourly(values):
    whole = values[: len(values) // HOUR * HOUR].reshape(-1, HOUR)
    measured = (~np.isnan(whole)).sum(axis=1)
    return np.where(measured > 0, np.nansum(whole, axis=1) / np.maximum(measured, 1), np.nan).astype(np.float32)


seen = []
for path in sys.argv[1:]:
    for grid in traces(path):
        half = len(grid) // 2 // HOUR * HOUR
        before, after = grid[:half], grid[half:]
        if max(np.isnan(before).mean(), np.isnan(after).mean()) <= 0.2:
            seen.append((statistic(hourly(before), 24), statistic(before, 288), quantile(after, 0.99)))


def ratios(column, part=1.0):
    return sorted((one[2] * part + GRAIN + EASE) / (one[column] * part + EASE) for one in seen)


def margin(of, risk):
    place = math.ceil((len(of) + 1) * (1 - risk) - 1e-9)
    return of[place - 1] if place <= len(of) else math.inf


for ratio in ratios(0):
    print(f"{ratio:.4f}")
RISKS = (0.2, 0.1, 0.05, 0.01)
for name, past, by in (("points by points", 1, 1), ("hours by points", 0, 1), ("hours by hours", 0, 0)):
    for part in (1.0, 0.3, 0.1, 0.03, 0.01):
        over = [sum(r > margin(ratios(by), risk) for r in ratios(past, part)) / len(seen) for risk in RISKS]
        print(f"{name}, of {1 / part:.0f} times the machine: " + " ".join(f"{o:.3f}" for o in over), file=sys.stderr)
