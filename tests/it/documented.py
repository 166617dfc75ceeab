"""What Cognito documents, row for row, asked of an endpoint.

    documented.py ENDPOINT             every row, of the sandbox, with boto3
    documented.py ENDPOINT --aws-cli   every row for which the AWS CLI has the commands, with the AWS CLI
    documented.py ENDPOINT --moto      the rows on which moto is right too, with boto3
    documented.py --table              the rows as README.md shows them; nothing is asked

A row is a sentence and a function that gives what it saw, beside what the documentation has it see. Each row has a pool, a client and
the user ann of its own. Prints a JSON array of {"row", "expected", "seen"}.
"""

import json
import re
import sys

import documented_rows  # noqa: F401, it adds the rows.
from documented_pool import Refusal
from documented_row import ROWS


def see(function):
    try:
        return function()
    except Exception as error:  # What it is stands in the report of its row.
        return f"{type(error).__name__}: {error}"


def in_words(expected):
    """What is expected, for a reader: codes and statuses as code, several things one after another."""
    if isinstance(expected, Refusal):
        return f"`{expected[0]}: {expected[1]}`"
    if isinstance(expected, list):
        return ", then ".join(map(in_words, expected))
    return f"`{expected}`" if re.fullmatch(r"[A-Z_]{2,}|[A-Za-z]+Exception", expected) else expected


def table():
    yield "| Cognito | known from | the sandbox | asked with | moto |"
    yield "|---|---|---|---|---|"
    for row in ROWS:
        asked_with = "boto3, AWS CLI" if row["cli"] else "boto3"
        moto = "agrees" if row["moto"] else ""
        yield f"| {row['row']} | {row['source']} | {in_words(row['expected'])} | {asked_with} | {moto} |"


if "--table" in sys.argv:
    print("\n".join(table()))
else:
    chosen = [row for row in ROWS if all(row[flag[2:].removeprefix("aws-")] for flag in sys.argv[2:])]
    json.dump([{"row": row["row"], "expected": row["expected"], "seen": see(row["see"])} for row in chosen], sys.stdout)
