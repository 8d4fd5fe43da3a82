"""Microseconds an event of the hot path, on page views with the shape of the real log's.

    python -m benchmarks [--rounds N]

Each line is the median of all rounds and their range. Compare two versions in one run (A B A B): figures differ from
run to run.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.geography import GeographySettings, geography
from footfall_core.intake import Arrival, Taken, take
from footfall_core.packing import raw_records
from footfall_core.processing.fingerprint import fingerprint_of
from footfall_core.processing.record import Place, process_record, row_records
from footfall_core.processing.versions import Version
from footfall_core.validation.batch import batch_problem, verdicts

EVENTS = 500
BATCHES = 20
ITEMS = 3
NOW = 1_790_000_000_000_000
AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_{}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0 Safari/537.36"
)


def requests(items: int = 0) -> list[bytes]:
    """Return batches of page views, or of events with so many items each."""
    chance = random.Random(1)  # noqa: S311
    made = []
    for sequence in range(1, BATCHES + 1):
        request = WriteEventsRequest(property="properties/shop", writer_id="bench", sequence=sequence)
        for i in range(EVENTS):
            event = request.events.add(
                name="page_view",
                event_id=f"access.log:{i}",
                client_id=f"{chance.getrandbits(64):016x}",
                timestamp_micros=NOW - i,
                page_location=f"http://shop.example/products/{int(chance.paretovariate(0.8)) % 2000}",
                page_referrer=chance.choice(["", "http://www.google.com/", "http://shop.example/", "https://t.co/x"]),
                user_agent=AGENT.format(chance.randrange(10), chance.randrange(30, 60)),
                ip_override=f"83.149.{chance.randrange(256)}.{chance.randrange(8)}",
            )
            event.params["http_status"].number_value = 200
            for item in range(items):
                event.items.add(item_id=f"sku-{item}", item_name="Running shoe", price=49.5, quantity=2)
        made.append(request.SerializeToString())
    return made


def measure(name: str, rounds: int, run: Callable[[], object]) -> None:
    run()
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        took.append((time.perf_counter() - started) / (EVENTS * BATCHES) * 1e6)
    print(f"{name:<44} {statistics.median(took):6.2f} µs/event   {min(took):.2f} … {max(took):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    made = requests()
    arrival = Arrival(NOW, "192.0.2.1", "", "")
    parsed = [WriteEventsRequest.FromString(b) for b in made]
    taken = [take(b, arrival) for b in made]
    records = list(raw_records(t.raw_batch for t in taken if isinstance(t, Taken)))
    bought = [take(b, arrival) for b in requests(items=ITEMS)]
    records_of_items = list(raw_records(t.raw_batch for t in bought if isinstance(t, Taken)))
    outcome = process_record(Version("1"), records[0], Place(0, 0, NOW // 1000), lambda _: None)

    measure("parse", rounds, lambda: [WriteEventsRequest.FromString(b) for b in made])
    measure("validate (parsed)", rounds, lambda: [(batch_problem(r), verdicts(r, NOW, 1 << 20)) for r in parsed])
    measure("ingest: parse, validate, raw batch", rounds, lambda: [take(b, arrival) for b in made])
    measure("fingerprint (parsed)", rounds, lambda: [fingerprint_of(r) for r in parsed])
    with geography(GeographySettings()) as country_of:

        def process(raw: list[bytes]) -> None:
            for record in raw:
                process_record(Version("1"), record, Place(0, 0, NOW // 1000), lambda _: None, country_of=country_of)

        measure("consumer: decode, dedupe, enrich, rows", rounds, lambda: process(records))
        measure(f"  the same with {ITEMS} items an event", rounds, lambda: process(records_of_items))
    measure("pack row records", rounds, lambda: [list(row_records(outcome.lines)) for _ in records])


if __name__ == "__main__":
    main()
