"""A row: a sentence, what it is known from, what is expected, and who else is right on it."""

# What a row is known from.
DOCUMENTATION = "documentation"  # The developer guide and the API reference.
MODEL = "service model"  # The one that the SDKs are made of.
LIVE = "seen live"  # A text that the live service was seen to send.
REPORTS = "reports"  # What users of the service report.
DEDUCTION = "deduction"  # From the documentation, which does not say it in so many words.

ROWS = []


def row(sentence, expected, moto=False, cli=True, source=DOCUMENTATION):
    """Adds a row. `moto` says that moto is right on it too, `cli` that the AWS CLI has the command."""
    return lambda see: ROWS.append({"row": sentence, "expected": expected, "see": see, "moto": moto, "cli": cli, "source": source})
