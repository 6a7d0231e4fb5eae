"""Writes the bill of make_bill.py again with more charges, but not more results: each row stands there several times.

A real bill grows in two ways: more resources, which no reader can sum up, and more charges of the same ones. This one
grows in the second way only, so that the peak of a review shows whether charges are held. Copies differ in their line
item id alone: every aggregate keeps its groups, every total is a multiple of the smaller bill's, which is the check, and
savings plans and reservations still add up. Copies stand side by side, so the hours stay in order. A row group, or a
block of text, is in memory at a time.
"""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ID = "identity_line_item_id"
ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
BLOCK = 64 << 20


def shifted(copy):
    """For each byte the one that replaces it at the start of an id: another letter in each copy."""
    table = np.arange(256, dtype=np.uint8)
    letters = np.frombuffer(ALPHABET, dtype=np.uint8)
    table[letters] = np.roll(letters, -copy)
    return table


def renamed(ids, copy):
    """The ids of a copy; none is null or empty."""
    offsets = np.frombuffer(ids.buffers()[1], dtype=np.int32)[ids.offset : ids.offset + len(ids) + 1]
    letters = np.frombuffer(ids.buffers()[2], dtype=np.uint8)[: offsets[-1]].copy()
    first = offsets[:-1]
    letters[first] = shifted(copy)[letters[first]]
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(letters))


def grow_parquet(source, target, copies):
    """Row group by row group; the number of rows is read back from the footer."""
    # Texts stay dictionaries, as make_bill.py wrote them; they are not decoded and encoded again.
    plain = pq.ParquetFile(source)
    texts = [field.name for field in plain.schema_arrow if field.type == pa.string() and field.name != ID]
    file = pq.ParquetFile(source, read_dictionary=texts)
    place = file.schema_arrow.get_field_index(ID)
    with pq.ParquetWriter(target, file.schema_arrow, compression="snappy", store_schema=False) as writer:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number)
            ids = group.column(place).combine_chunks()
            for copy in range(copies):
                writer.write_table(group.set_column(place, file.schema_arrow.field(place), renamed(ids, copy)), len(group))
    written = pq.ParquetFile(target)
    if not written.schema.equals(plain.schema):
        raise SystemExit(f"{target} has another schema than {source}")
    return written.metadata.num_rows


def grow_csv(source, target, copies):
    """Block by block of whole lines, each copy a gzip member of its own; the header comes once."""
    rows = 0
    with gzip.open(source, "rb") as file, open(target, "wb") as out:
        member = lambda data: out.write(gzip.compress(data, compresslevel=1, mtime=0))
        member(file.readline())
        while block := file.read(BLOCK) + file.readline():
            lines = np.frombuffer(block, dtype=np.uint8).copy()
            # A line starts with its id, and no field of the bill has a line end in it.
            ends = np.flatnonzero(lines == ord("\n"))
            first = np.concatenate([[0], ends[:-1] + 1])
            letters = lines[first]
            for copy in range(copies):
                lines[first] = shifted(copy)[letters]
                member(lines.data)
            rows += len(ends) * copies
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where make_bill.py wrote; the grown files go there too")
    parser.add_argument("copies", type=int, help="how often each row stands in the grown files")
    parser.add_argument("--only", choices=["parquet", "csv.gz"], help="one of the two files")
    args = parser.parse_args()
    if not 2 <= args.copies <= len(ALPHABET):
        raise SystemExit(f"2 to {len(ALPHABET)} copies: more would repeat line item ids")
    expected = pq.read_metadata(args.folder / "bill.parquet").num_rows * args.copies
    for ending, grow in {"parquet": grow_parquet, "csv.gz": grow_csv}.items():
        if args.only not in (None, ending):
            continue
        began = time.monotonic()
        target = args.folder / f"bill-{expected / 1e6:g}m.{ending}"
        rows = grow(args.folder / f"bill.{ending}", target, args.copies)
        print(f"{target}: {rows} rows, {target.stat().st_size / 1e6:.0f} MB, {time.monotonic() - began:.0f} s", flush=True)
        if rows != expected:
            raise SystemExit(f"{rows} rows instead of {expected}")


if __name__ == "__main__":
    main()
