"""Writes the tables that pandas' tests of S3 read: `tables.py DIRECTORY`, where that is their `tests/io`."""

import bz2
import gzip
import sys
from pathlib import Path

import pandas

TABLE = pandas.DataFrame(
    {
        "total_bill": [10 + number / 4 for number in range(240)],
        "tip": [1 + number / 100 for number in range(240)],
        "day": [("Sun", "Thur", "Fri", "Sat")[number % 4] for number in range(240)],
        "size": [number % 6 + 1 for number in range(240)],
    }
)
BOOKS = (
    "<bookstore><book><title>One</title><year>2001</year></book><book><title>Two</title></book></bookstore>"
)


def main(directory):
    csv = TABLE.to_csv(index=False).encode()
    files = {
        "data/csv/tips.csv": csv,
        "data/csv/tips.csv.gz": gzip.compress(csv),
        "data/csv/tips.csv.bz2": bz2.compress(csv),
        "parser/data/items.jsonl": b'{"a": 1, "b": 2}\n{"b": 2, "a": 1}\n',
        "data/xml/books.xml": BOOKS.encode(),
    }
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    feather = directory / "data/feather/simple_dataset.feather"
    feather.parent.mkdir(parents=True, exist_ok=True)
    TABLE.to_feather(feather)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
