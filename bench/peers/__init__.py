"""What a region would do without Callflow: FastAGI or func_odbc, each with one SQL query a call."""

from pathlib import Path

_RULES = Path(__file__).parent / "rules.sql"


def rules_query(number: str) -> str:
    """Return the query in one line, `number` standing for what was dialled in the caller's own way."""
    lines = _RULES.read_text(encoding="utf-8").splitlines()
    return " ".join(" ".join(line for line in lines if not line.startswith("--")).split()).replace(":number", number)
