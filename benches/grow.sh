#!/usr/bin/env bash
# Measures `surgeon review` and the DuckDB script over a bill and its growths of grow_bill.py; prints a Markdown table.
# usage: grow.sh SURGEON FOLDER      RUNS=1, MEMORY_LIMIT=4GB and PYTHON=python3 may be set
set -euo pipefail

if [ $# -ne 2 ]; then
    sed -n '2,3s/^# //p' "$0" >&2
    exit 2
fi
surgeon=$1 folder=$2
runs=${RUNS:-1} limit=${MEMORY_LIMIT:-4GB} python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
threads=$(nproc)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Smallest first: the others are held against it.
mapfile -t files < <(cd "$folder" && ls -Sr bill*.parquet && ls -Sr bill*.csv.gz)

anonymous() { # process: the largest anonymous memory of its child, in MiB; looks ten times a second
    local child key value most=0
    while kill -0 "$1" 2>/dev/null; do
        child=$(pgrep -P "$1" || true)
        while [ -n "$child" ] && [ -r "/proc/$child/status" ]; do
            while read -r key value _; do
                if [ "$key" = RssAnon: ] && [ "$value" -gt "$most" ]; then most=$value; fi
            done 2>/dev/null <"/proc/$child/status" || true
            sleep 0.1
        done
        sleep 0.1
    done
    echo $((most / 1024))
}

cells() { # log, command...
    local log=$1 wall user peak held
    shift
    "$python" "$here/measure.py" "$runs" "$log" "$@" >"$work/times" &
    held=$(anonymous $!)
    if ! wait $!; then
        cat "$log" >&2
        exit 1
    fi
    IFS=$'\t' read -r wall user peak <"$work/times"
    echo "$wall s | $user s | $peak MiB | $held MiB"
}

rows() { # file: its charges, once both tools have found N times the smallest bill in it, and no group more
    "$python" - "$work" "$1" <<'EOF'
import json, sys
from decimal import Decimal
from pathlib import Path

work, file = Path(sys.argv[1]), sys.argv[2]
review = json.loads((work / f"{file}.json").read_text())
spend, charges = review["spend"], review["tie_out"]["rows_reviewed"]
duckdb = dict(part.split("=") for part in (work / f"{file}.duckdb").read_text().splitlines()[-1].split("\t"))
groups = {name: duckdb[name] for name in ("charge_totals", "daily_costs", "resource_costs", "usage_profiles")}
first = work / "first.json"
if not first.exists():
    first.write_text(json.dumps([charges, spend["billed"], spend["effective"], groups]))
rows, billed, effective, expected = json.loads(first.read_text())
copies, left = divmod(charges, rows)
wanted = [copies * Decimal(billed), copies * Decimal(effective), charges]
both = {
    "surgeon": [spend["billed"], spend["effective"], charges],
    "DuckDB": [duckdb["billed"], duckdb["effective"], duckdb["charges"]],
}
for tool, found in both.items():
    if left or [Decimal(value) for value in found] != wanted:
        raise SystemExit(f"{file}: {tool} found {found}, not {charges / rows} times {billed}, {effective} and {rows}")
if groups != expected:
    raise SystemExit(f"{file}: {groups} groups, the smallest bill has {expected}")
print(f"{charges:,}")
EOF
}

memory=$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)
model=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)

echo "$(date +%F); ${model:-unknown CPU}, $threads CPUs, $memory; $("$surgeon" --version), DuckDB $("$python" -c 'import duckdb; print(duckdb.__version__)');"
echo "$runs run(s) each; \"anonymous\" is the peak without the pages of mapped files."
echo
echo "| file | rows | size | surgeon: wall | user | peak RSS | anonymous | DuckDB: wall | user | peak RSS | anonymous |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
for name in "${files[@]}"; do
    file=$folder/$name
    # Both find the file in the page cache, as far as it fits.
    cat "$file" >/dev/null
    review=$(cells "$work/$name.surgeon" "$surgeon" review "$file" -f json -o "$work/$name.json")
    duckdb=$(cells "$work/$name.duckdb" \
        "$python" "$here/duckdb_aggregates.py" "$file" --threads "$threads" --memory-limit "$limit")
    charges=$(rows "$name")
    echo "| $name | $charges | $(($(stat -Lc %s "$file") / 1000000)) MB | $review | $duckdb |"
done
echo
echo "Billed, effective and rows are the same multiple of ${files[0]} everywhere, in both tools; DuckDB's groups are the same in number."
echo
echo "Commands:"
echo
echo '```sh'
for name in "${files[@]}"; do
    echo "surgeon review $name -f json -o review.json"
    echo "python duckdb_aggregates.py $name --threads $threads --memory-limit $limit"
done
echo '```'
echo
echo "DuckDB found:"
echo
echo '```text'
for name in "${files[@]}"; do
    echo "$name $(tail -n 1 "$work/$name.duckdb" | sed 's/\twall_s=.*//; s/\t/ /g')"
done
echo '```'
