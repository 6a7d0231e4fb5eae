#!/usr/bin/env bash
# Measures `surgeon review` and the DuckDB script over the files of make_bill.py; prints a Markdown table.
# usage: run.sh SURGEON OUT_DIR DATE      RUNS=3, MEMORY_LIMIT=4GB and PYTHON=python3 may be set
set -euo pipefail

if [ $# -ne 3 ]; then
    sed -n '2,3s/^# //p' "$0" >&2
    exit 2
fi
surgeon=$1 out=$2 date=$3
runs=${RUNS:-3} limit=${MEMORY_LIMIT:-4GB} python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
threads=$(nproc)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

row() { # name, file, command...
    local name=$1 file=$2 wall user peak
    shift 2
    # Both find the file in the page cache.
    cat "$file" >/dev/null
    IFS=$'\t' read -r wall user peak < <("$python" "$here/measure.py" "$runs" "$work/log" "$@" || echo "failed")
    if [ "$wall" = failed ]; then
        cat "$work/log" >&2
        exit 1
    fi
    echo "| $name | $(basename "$file") | $wall s | $user s | $peak MiB |"
}

memory=$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)
model=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
sizes=$(for file in bill.parquet bill.csv.gz; do printf '%s %s MB, ' "$file" "$(($(stat -c %s "$out/$file") / 1000000))"; done)

echo "$date; ${model:-unknown CPU}, $threads CPUs, $memory; $("$surgeon" --version), DuckDB $("$python" -c 'import duckdb; print(duckdb.__version__)');"
echo "${sizes%, }; median of $runs runs, largest peak."
echo
echo "| | file | wall | user CPU | peak RSS |"
echo "|---|---|---:|---:|---:|"
for file in bill.parquet bill.csv.gz; do
    row "surgeon review" "$out/$file" "$surgeon" review "$out/$file" -f json -o "$work/review.json"
    row "DuckDB, four aggregates" "$out/$file" \
        "$python" "$here/duckdb_aggregates.py" "$out/$file" --threads "$threads" --memory-limit "$limit"
done
echo
echo "Commands:"
echo
echo '```sh'
for file in bill.parquet bill.csv.gz; do
    echo "surgeon review $file -f json -o review.json"
    echo "python duckdb_aggregates.py $file --threads $threads --memory-limit $limit"
done
echo '```'
echo
echo "DuckDB found:"
echo
echo '```text'
grep -a '^billed=' "$work/log" | sed 's/\twall_s=.*//; s/\t/ /g' | sort -u
echo '```'
