"""The sample region: six municipalities to try every rule on, in SQL that an administrator can read (`db/sample`).

Whom to dial stands in `db/sample/README.md`.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import holidays

from callflow.policy.model import Holiday
from callflow.storage.connection import LOST, Connection, connected, unavailable

FOLDER = Path(__file__).parents[2] / "db" / "sample"
YEARS = range(2024, 2041)
CALENDAR = "Sverige"


async def load_sample(url: str) -> bool:
    """Fill the database at `url` with the sample region; tell whether it did: not if there are organisations already.

    Raises:
        DatabaseUnavailableError: the database cannot be reached or is not migrated.
    """
    try:
        async with connected(url) as connection, connection.transaction():
            await connection.execute("SELECT FROM policy_revision FOR UPDATE")  # as every change does: one at a time
            if await connection.fetchval("SELECT EXISTS (SELECT FROM organisation)"):
                return False
            await _load_holidays(connection)
            for script in sorted(FOLDER.glob("*.sql")):
                await connection.execute(script.read_text(encoding="utf-8"))
            return True
    except LOST as error:
        raise unavailable(error) from error


async def _load_holidays(connection: Connection) -> None:
    calendar = await connection.fetchval("INSERT INTO holiday_calendar (name) VALUES ($1) RETURNING id", CALENDAR)
    rows = [(calendar, day.date, day.name, day.half_day) for day in swedish_holidays(YEARS)]
    columns = ["holiday_calendar_id", "date", "name", "half_day"]
    await connection.copy_records_to_table("holiday", records=rows, columns=columns)


def swedish_holidays(years: range) -> Iterator[Holiday]:
    """Yield Sweden's holidays and the half days that municipalities keep before them, one entry a date, by date.

    Midsummer's, Christmas and New Year's Eve are whole days off; Sundays as such are the weekly hours' business.
    """
    for year in years:
        whole = dict(
            holidays.country_holidays("SE", years=year, categories=("public", "de_facto"), language="sv").items()
        )
        yield from sorted(
            [Holiday(date=day, name=name) for day, name in whole.items()]
            + [
                Holiday(date=day, name=name, half_day=True)
                for day, name in _half_days(year, whole)
                if day not in whole
            ]
        )


def _half_days(year: int, whole: dict[date, str]) -> Iterator[tuple[date, str]]:
    by_name = {name: day for day, name in whole.items()}
    yield date(year, 1, 5), "Trettondagsafton"
    yield by_name["Långfredagen"] - timedelta(days=1), "Skärtorsdagen"
    yield date(year, 4, 30), "Valborgsmässoafton"
    yield by_name["Alla helgons dag"] - timedelta(days=1), "Dagen före Alla helgons dag"
