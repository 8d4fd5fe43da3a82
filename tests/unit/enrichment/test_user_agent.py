from collections import Counter

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA, is_crawler
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.enrichment.user_agent import NO_DEVICE, Device, parse_user_agent

SAFARI = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("", NO_DEVICE),
        ("  ", NO_DEVICE),
        ("-", Device("desktop", "", "", is_bot=False)),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {SAFARI} Chrome/142.0.0.0 Safari/537.36",
            Device("desktop", "Chrome", "Windows", is_bot=False),
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)",
            Device("desktop", "IE", "Windows", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/17.4 Safari/605.1.15",
            Device("desktop", "Safari", "Mac OS X", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {SAFARI} Chrome/142.0.0.0 Mobile Safari/537.36",
            Device("mobile", "Chrome Mobile", "Android", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {SAFARI} Chrome/142.0.0.0 Safari/537.36",
            Device("tablet", "Chrome", "Android", is_bot=False),
        ),
        (
            "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A)",
            Device("mobile", "Android", "Android", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {SAFARI} Version/17.4 Mobile/15E148 Safari/604.1",
            Device("mobile", "Mobile Safari", "iOS", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) {SAFARI} Version/12.1 Mobile/15E148 Safari/604.1",
            Device("tablet", "Mobile Safari", "iOS", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) {SAFARI} Version/5.0 TV Safari/537.36",
            Device("smart tv", "Safari", "Tizen", is_bot=False),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 9; AFTMM) {SAFARI} Silk/112.4.1 like Chrome/112.0 Safari/537.36",
            Device("smart tv", "Amazon Silk", "Android", is_bot=False),
        ),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            Device("desktop", "Googlebot", "", is_bot=True),
        ),
    ],
)
def test_a_user_agent_says_its_device(user_agent: str, device: Device) -> None:
    assert parse_user_agent(user_agent) == device


def test_every_example_of_the_crawler_list_is_a_bot() -> None:
    examples = [example for crawler in CRAWLER_USER_AGENTS_DATA for example in crawler["instances"]]
    assert [example for example in examples if not parse_user_agent(example).is_bot] == []


@given(st.text(max_size=300))
def test_any_text_is_judged_as_the_crawler_list_judges_it(text: str) -> None:
    assert parse_user_agent(text).is_bot == (is_crawler(text) if text.strip() else False)


def test_the_real_log_has_1956_lines_of_crawlers(visits: list[tuple[str, str, str]]) -> None:
    assert sum(parse_user_agent(user_agent).is_bot for _, _, user_agent in visits) == 1_956


def test_the_real_log_is_judged_as_the_crawler_list_judges_it(visits: list[tuple[str, str, str]]) -> None:
    user_agents = {user_agent for _, _, user_agent in visits}
    assert [each for each in user_agents if parse_user_agent(each).is_bot != is_crawler(each)] == []


def test_the_real_log_has_these_device_categories(visits: list[tuple[str, str, str]]) -> None:
    categories = Counter(parse_user_agent(user_agent).device_category for _, _, user_agent in visits)
    assert categories == {"desktop": 9_335, "mobile": 570, "tablet": 95}
