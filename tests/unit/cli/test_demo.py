"""The demo's generator: always the same events, those of a believable shop, and the server's own rules agree."""

import hashlib
import itertools
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_adapters.geography import GeographySettings, geography
from footfall_cli.demo.arrivals import Arrival, on_time
from footfall_cli.demo.batches import HOUR, batches_of, writer_id_of
from footfall_cli.demo.countries import COUNTRIES, draw_address
from footfall_cli.demo.devices import CRAWLERS, DEVICES
from footfall_cli.demo.figures import Figures
from footfall_cli.demo.history import arrivals_on
from footfall_cli.demo.live import live_arrivals
from footfall_cli.demo.mistakes import MISTAKES, broken_copy
from footfall_cli.demo.refunds import draw_refund
from footfall_cli.demo.rhythm import day_begins, day_ends, random_of, shop_zone
from footfall_cli.demo.settings import GENERATION, Demo
from footfall_cli.demo.shop import PRODUCTS
from footfall_cli.demo.sources import SOURCES
from footfall_core.enrichment.language import parse_language
from footfall_core.enrichment.page import parse_page
from footfall_core.enrichment.traffic import Attribution
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.event_time import EventTimes
from footfall_core.validation.batch import batch_problem, verdicts
from footfall_core.validation.event import event_mistake

SHOP = Demo(seed=1, visits=200)
LAST = date(2026, 3, 15)
DAYS = [LAST - timedelta(days=ago) for ago in range(21)]
EVER = 2**62


@cache
def day(which=LAST, demo=SHOP):
    return arrivals_on(demo, which)


@cache
def weeks():
    """Everything of three weeks."""
    return [arrival for which in DAYS for arrival in day(which)]


@cache
def good():
    return [arrival.event for arrival in weeks() if not arrival.code]


def named(name):
    return [event for event in good() if event.name == name]


def request_of(batch):
    return WriteEventsRequest(
        property="properties/shop", writer_id="w", sequence=batch.sequence, events=batch.events, historical_import=True
    )


def codes_of(found):
    return {verdict.index: ErrorCode.Name(verdict.code).removeprefix("ERROR_CODE_") for verdict in found}


def test_the_same_settings_give_the_same_events_and_others_give_others():
    again = arrivals_on(SHOP, LAST)

    assert again == day()
    for other in (Demo(2, 200), Demo(1, 201)):
        ids = {arrival.event.event_id for arrival in day(demo=other)}
        assert not ids & {arrival.event.event_id for arrival in again}
        assert writer_id_of(other, LAST) != writer_id_of(SHOP, LAST)
    assert writer_id_of(SHOP, LAST) != writer_id_of(SHOP, DAYS[1])


def test_other_events_come_with_another_generation():
    """If this fails, the demo gives other events than before: raise GENERATION, then write the new digest here."""
    digest = hashlib.sha256()
    for batch in batches_of(arrivals_on(Demo(7, 60), date(2026, 1, 5)), EVER):
        digest.update(request_of(batch).SerializeToString(deterministic=True))

    assert (GENERATION, digest.hexdigest()[:16]) == (1, "25012502bb35594f")


def test_what_is_sent_later_begins_with_the_same_batches():
    arrivals, begin = day(), day_begins(LAST)
    noon, evening = (list(batches_of(arrivals, begin + hours * HOUR)) for hours in (12, 20))

    assert 10 <= len(noon) < len(evening)
    assert evening[: len(noon)] == noon
    assert all(event.timestamp_micros < begin + 12 * HOUR for batch in noon for event in batch.events)


def test_batches_hold_every_event_once_in_order_within_an_hour_and_the_servers_limits():
    arrivals = arrivals_on(Demo(1, 2500), LAST)
    batches = list(batches_of(arrivals, EVER))

    assert [place for batch in batches for place in batch.lines] == list(range(len(arrivals)))
    assert [batch.sequence for batch in batches] == list(range(1, len(batches) + 1))
    for batch in batches:
        assert len({arrivals[place].at_micros // HOUR for place in batch.lines}) == 1
    assert max(len(batch.events) for batch in batches) == 500


def test_a_batch_has_no_more_items_than_the_server_takes():
    event = Event(name="view_item_list", client_id="c", items=[Item(item_id="i")] * 200)

    found = [len(batch.events) for batch in batches_of(on_time([event] * 45), EVER)]

    assert found == [20, 20, 5]


def test_the_server_takes_every_good_event_and_refuses_every_broken_one_with_the_code_it_is_meant_to_have():
    arrivals, received = day() + day(DAYS[3]), day_ends(LAST)
    for batch in batches_of(arrivals, EVER):
        request = request_of(batch)
        assert batch_problem(request) is None
        meant = {index: arrivals[place].code for index, place in enumerate(batch.lines) if arrivals[place].code}
        assert codes_of(verdicts(request, max(received, batch_time(batch)), request.ByteSize())) == meant


def batch_time(batch):
    """The time of receipt cannot be before the events; the broken ones in nanoseconds are far ahead of both."""
    return max(event.timestamp_micros for event in batch.events if event.timestamp_micros < 10**16)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_refused_with_its_code_in_whatever_event_it_is_made(mistake):
    kinds = {event.name: event for event in good()}
    assert len(kinds) == 12
    for event in kinds.values():
        broken = broken_copy(event, mistake)
        found = event_mistake(broken, EventTimes(event.timestamp_micros, 0, historical=True))
        assert found is not None, event.name
        assert ErrorCode.Name(found.code) == f"ERROR_CODE_{mistake.code}"
        assert broken.event_id != event.event_id


def test_one_event_in_two_hundred_has_a_broken_copy_and_all_kinds_of_mistakes_come():
    broken = [arrival for arrival in weeks() if arrival.code]

    assert len(broken) / len(weeks()) == pytest.approx(0.005, rel=0.3)
    assert {arrival.code for arrival in broken} == {mistake.code for mistake in MISTAKES}
    ids = {event.event_id for event in good()}
    assert all(arrival.event.event_id.removesuffix("-broken") in ids for arrival in broken), "copies of good events"


def test_ids_of_events_and_orders_are_unique():
    ids = [arrival.event.event_id for arrival in weeks()]
    orders = [event.transaction_id for event in named("purchase")]

    assert len(set(ids)) == len(ids)
    assert len(set(orders)) == len(orders) > 50


def test_refunds_follow_their_purchases_days_later_and_pay_back_no_more():
    purchases = {event.transaction_id: event for event in named("purchase")}
    refunds = named("refund")

    assert 3 <= len(refunds) <= len(purchases) / 5
    for refund in refunds:
        purchase = purchases[refund.transaction_id]
        after = refund.timestamp_micros - purchase.timestamp_micros
        assert 24 * HOUR <= after <= 144 * HOUR
        assert (refund.client_id, refund.currency) == (purchase.client_id, purchase.currency)
        assert 0 < refund.value <= purchase.value
        assert refund.value == pytest.approx(sum(item.price * item.quantity for item in refund.items))


def test_orders_come_back_whole_or_in_part_and_a_part_is_worth_its_item():
    hat, cap = Item(item_id="hat", price=89.95, quantity=2), Item(item_id="cap", price=24.95, quantity=1)
    order = Event(name="purchase", transaction_id="T", value=204.85, currency="EUR", items=[hat, cap])
    drawn = [draw_refund(order, random_of("test", number)) for number in range(2000)]
    refunds = [refund for refund in drawn if refund is not None]

    assert len(refunds) / len(drawn) == pytest.approx(0.08, rel=0.3)
    assert {(refund.value, len(refund.items)) for refund in refunds} == {(204.85, 2), (179.9, 1), (24.95, 1)}


def test_a_purchase_is_the_end_of_its_session_and_worth_its_items():
    sessions = defaultdict(list)
    for event in good():
        sessions[event.client_id, event.session_id].append(event)
    for purchase in named("purchase"):
        session = sorted(sessions[purchase.client_id, purchase.session_id], key=lambda event: event.timestamp_micros)
        names = [event.name for event in session]
        steps = ["view_item", "add_to_cart", "view_cart", "begin_checkout", "add_shipping_info", "add_payment_info"]
        places = [names.index(step) for step in [*steps, "purchase"]]
        assert places == sorted(places)
        assert names.count("purchase") == 1
        assert purchase.value == pytest.approx(sum(item.price * item.quantity for item in purchase.items))


def test_people_buy_as_in_a_real_shop():
    visits = len({(event.client_id, event.session_id) for event in good() if event.session_id})
    funnel = [
        len({(event.client_id, event.session_id) for event in named(step)})
        for step in ("view_item", "add_to_cart", "begin_checkout", "add_payment_info", "purchase")
    ]

    assert 0.02 < funnel[-1] / visits < 0.04
    assert 0.06 < funnel[1] / visits < 0.12
    assert funnel == sorted(funnel, reverse=True)


def test_evenings_are_busy_nights_are_quiet_and_sundays_beat_saturdays():
    hours, days, zone = Counter(), Counter(), shop_zone()
    for start in {(e.client_id, e.session_id): e.timestamp_micros for e in good() if e.session_id}.values():
        local = datetime.fromtimestamp(start / 1e6, UTC).astimezone(zone)
        hours[local.hour] += 1
        days[local.weekday()] += 1

    assert {hour for hour, _ in hours.most_common(3)} <= {18, 19, 20, 21}
    assert sum(hours[hour] for hour in range(1, 6)) < hours[20] / 2
    assert days[6] > 1.15 * days[5]


@pytest.mark.parametrize(("which", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (LAST, 24)])
def test_days_are_as_long_as_the_clocks_of_the_shop_make_them(which, hours):
    assert day_ends(which) - day_begins(which) == hours * HOUR
    starts = [arrival.event.timestamp_micros for arrival in day(which, Demo(1, 40))]
    assert day_begins(which) <= min(starts)


def test_some_visits_are_late_by_half_an_hour_to_two_days_and_everything_is_sent_in_order():
    late = [a for a in weeks() if not a.code and a.at_micros != a.event.timestamp_micros]

    assert all(arrival.at_micros >= arrival.event.timestamp_micros for arrival in late)
    assert max(a.at_micros - a.event.timestamp_micros for a in late) <= 48 * HOUR
    assert max(a.at_micros - a.event.timestamp_micros for a in late) > 24 * HOUR
    assert 0.005 < len(late) / len(weeks()) < 0.03
    for which in DAYS:
        sent = [arrival.at_micros for arrival in day(which)]
        assert sent == sorted(sent)


def test_those_who_come_back_were_new_on_an_earlier_day():
    first_seen = {}
    returned = Counter()
    for which in reversed(DAYS):
        clients = {arrival.event.client_id for arrival in day(which) if arrival.event.session_id}
        for client_id in clients:
            if first_seen.setdefault(client_id, which) != which:
                returned[which] += 1

    assert returned[DAYS[0]] > 20, "of the three weeks before the last day"
    signed_in = {event.client_id for event in good() if event.user_id}
    assert 0 < len(signed_in) < len(first_seen) / 3


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: f"{source.channel} {source.referrer}{source.query}")
def test_a_source_comes_out_as_its_channel_on_every_page(source):
    page = parse_page(f"https://www.hatter.example/cart?{source.query}")

    assert Attribution().of(page, source.referrer).channel_group == source.channel


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.user_agent)
def test_a_device_is_recognised_and_taken_for_no_crawler(device):
    found = parse_user_agent(device.user_agent)

    assert (found.device_category, found.is_bot) == (device.category, False)
    assert found.browser
    assert found.operating_system


def test_crawlers_are_recognised_and_have_a_few_percent_of_the_events():
    agents = {user_agent for user_agent, _, _ in CRAWLERS}

    assert all(parse_user_agent(user_agent).is_bot for user_agent in agents)
    assert 0.02 < sum(event.user_agent in agents for event in good()) / len(good()) < 0.1


def test_addresses_are_those_of_networks_of_their_countries():
    with geography(GeographySettings()) as country_of:
        for country in COUNTRIES:
            for number in range(60):
                address = draw_address(country, random_of("test", country.code, number))
                found = country_of(address)
                assert address.endswith(".0")
                assert found is not None, address
                assert found.id == country.code, address


def test_languages_have_names_and_three_currencies_are_paid_in():
    assert all(parse_language(tag).name for country in COUNTRIES for tag, _ in country.languages)
    assert {event.currency for event in named("purchase")} == {"EUR", "USD", "GBP"}
    assert all(product.price(currency) > 0 for product in PRODUCTS for currency in ("EUR", "USD", "GBP"))


def test_most_events_show_engagement_and_the_first_page_never_does():
    sessions = [event for event in good() if event.session_id]
    engaged = [event for event in sessions if "engagement_time_msec" in event.params]

    assert 0.5 < len(engaged) / len(sessions) < 0.9
    assert not any(event.event_id.endswith(("-1", "-2")) for event in engaged)


def test_figures_are_what_a_pencil_gives():
    hat, cap = ({"client_id": "c", "currency": currency} for currency in ("EUR", "GBP"))
    figures = Figures()
    figures.add(Arrival(Event(name="purchase", value=89.95, **hat), 1))
    figures.add(Arrival(Event(name="purchase", value=0.1, **hat), 1))
    figures.add(Arrival(Event(name="purchase", value=20.0, **cap), 1))
    figures.add(Arrival(Event(name="refund", value=9.9, **hat), 1))
    figures.add(Arrival(Event(name="page_view", user_agent=CRAWLERS[0][0]), 1))
    figures.add(Arrival(Event(name="purchase", value=5.0), 1, "VALUE_REQUIRED"))

    assert figures.as_json() == {
        "events": 6,
        "good": 5,
        "of_crawlers": 1,
        "broken": {"VALUE_REQUIRED": 1},
        "purchases": 3,
        "refunds": 1,
        "revenue": {"EUR": 80.15, "GBP": 20.0},
    }


@cache
def live(start, rate=50.0, count=10_000):
    return list(itertools.islice(live_arrivals(SHOP, start, rate), count))


NOW = day_begins(LAST) + 20 * HOUR


def test_live_visits_come_in_order_at_the_rate_asked_for_and_never_twice():
    arrivals = live(NOW)
    sent = [arrival.at_micros for arrival in arrivals]

    assert sent == sorted(sent)
    assert sent[0] >= NOW
    assert len(arrivals) / ((sent[-1] - NOW) / 1e6) == pytest.approx(50, rel=0.15)
    first_minute = sum(at < NOW + 60_000_000 for at in sent)
    assert first_minute == pytest.approx(3000, rel=0.3), "from the beginning on"
    ids = {arrival.event.event_id for arrival in arrivals}
    assert len(ids) == len(arrivals)
    assert not ids & {arrival.event.event_id for arrival in live(NOW + 1_000_000, count=500)}
    assert live(NOW, count=100) == arrivals[:100]


def test_live_events_are_taken_or_refused_as_meant_when_they_are_sent():
    for arrival in live(NOW):
        found = event_mistake(arrival.event, EventTimes(arrival.at_micros, 0, historical=False))
        code = "" if found is None else ErrorCode.Name(found.code).removeprefix("ERROR_CODE_")
        assert code == arrival.code, arrival.event


def test_live_visitors_come_back_from_the_days_before_and_refunds_follow_their_purchases():
    arrivals = [arrival for arrival in live(NOW, rate=10.0, count=25_000) if not arrival.code]
    earlier = {arrival.event.client_id for which in DAYS[1:] for arrival in day(which)}
    bought = {}
    refunds = 0
    for arrival in arrivals:
        event: Event = arrival.event
        if event.name == "purchase":
            bought[event.transaction_id] = event.timestamp_micros
        elif event.name == "refund" and event.transaction_id in bought:
            refunds += 1
            assert event.timestamp_micros > bought[event.transaction_id]
    assert len(earlier & {arrival.event.client_id for arrival in arrivals}) > 100
    assert 0 < refunds < len(bought) / 5
