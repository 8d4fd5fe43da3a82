"""Resume tokens and page tokens: what comes back from a client is what was sent to it, or is refused."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.clock import Micros
from footfall_core.errors.page_token import PageStart, page_start_of, page_token
from footfall_core.errors.resume_token import position_of, resume_token
from footfall_core.errors.sealed import seal
from footfall_core.errors.selection import ErrorSelection
from footfall_core.instants import LATEST
from footfall_core.problems import InvalidRequest

SHOP = ErrorSelection("shop")
OFFSETS = st.integers(min_value=0, max_value=2**63 - 1)
POSITIONS = st.lists(OFFSETS, max_size=64).map(tuple)
RANGES = st.lists(st.integers(0, LATEST), min_size=2, max_size=2, unique=True).map(sorted)
IDS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64)
PAGES = st.builds(
    lambda borders, time_ms, error_id: PageStart(*map(Micros, borders), time_ms, error_id),
    RANGES,
    st.integers(0, LATEST // 1000),
    IDS,
)
FINGERPRINT = b"12345678"


@given(POSITIONS)
def test_a_token_stands_for_its_position(position: tuple[int, ...]) -> None:
    token = resume_token(position, SHOP.fingerprint())
    assert position_of(token, SHOP) == position
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")


def test_a_token_of_four_partitions_is_short() -> None:
    assert len(resume_token((10**9,) * 4, SHOP.fingerprint())) <= 48


@given(POSITIONS, st.data())
def test_a_token_that_was_changed_in_one_character_is_refused(position: tuple[int, ...], data: st.DataObject) -> None:
    token = resume_token(position, SHOP.fingerprint())
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(blacklist_characters=token[at]))
    with pytest.raises(InvalidRequest):
        position_of(token[:at] + other + token[at + 1 :], SHOP)


@given(POSITIONS, st.data())
def test_a_token_that_was_cut_is_refused(position: tuple[int, ...], data: st.DataObject) -> None:
    token = resume_token(position, SHOP.fingerprint())
    with pytest.raises(InvalidRequest):
        position_of(token[: data.draw(st.integers(1, len(token) - 1))], SHOP)


@given(st.text())
def test_garbage_is_refused_with_a_sentence(garbage: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        position_of(garbage, SHOP)
    assert refused.value.violations[0].field == "resume_token"


@given(st.binary(max_size=200))
def test_a_sealed_something_else_is_read_as_offsets_or_refused(content: bytes) -> None:
    try:
        position = position_of(seal(1, SHOP.fingerprint() + content), SHOP)
    except InvalidRequest:
        return
    assert all(0 <= offset < 2**63 for offset in position)


@pytest.mark.parametrize("padded", ["=", "==", " ", "\n"])
def test_a_token_has_one_spelling(padded: str) -> None:
    with pytest.raises(InvalidRequest):
        position_of(resume_token((1, 2), SHOP.fingerprint()) + padded, SHOP)


def test_a_page_token_is_no_resume_token() -> None:
    token = page_token(PageStart(Micros(1), Micros(2), 3, "e"), SHOP.fingerprint())
    with pytest.raises(InvalidRequest):
        position_of(token, SHOP)


@pytest.mark.parametrize(
    "other",
    [
        ErrorSelection("shop2"),
        ErrorSelection("shop", stages=frozenset({1})),
        ErrorSelection("shop", codes=frozenset({1})),
        ErrorSelection("shop", writer_id="1"),
        ErrorSelection("shop", stages=frozenset({1}), codes=frozenset({1})),
        ErrorSelection("shop", stages=frozenset({11})),
    ],
)
def test_a_token_of_another_selection_is_refused(other: ErrorSelection) -> None:
    mine = ErrorSelection("shop", stages=frozenset({1, 2}))
    with pytest.raises(InvalidRequest, match="another property or filter"):
        position_of(resume_token((1,), other.fingerprint()), mine)


def test_the_order_of_a_filters_values_makes_no_difference() -> None:
    one = ErrorSelection("shop", stages=frozenset([1, 2, 3]))
    assert one.fingerprint() == ErrorSelection("shop", stages=frozenset([3, 2, 1])).fingerprint()


@given(PAGES)
def test_a_page_token_stands_for_where_its_page_begins(begin: PageStart) -> None:
    assert page_start_of(page_token(begin, FINGERPRINT), FINGERPRINT) == begin


def test_a_page_token_of_another_request_is_refused() -> None:
    token = page_token(PageStart(Micros(1), Micros(2), 3, "e"), FINGERPRINT)
    with pytest.raises(InvalidRequest, match="another request"):
        page_start_of(token, b"87654321")


@pytest.mark.parametrize(
    ("start", "end", "time_ms", "error_id"),
    [
        (-(2**62), 2**62, 3, "e"),
        (-1, 2, 3, "e"),
        (1, LATEST + 1, 3, "e"),
        (2, 2, 3, "e"),
        (3, 2, 3, "e"),
        (1, 2, -1, "e"),
        (1, 2, 2**62, "e"),
        (1, 2, 3, ""),
        (1, 2, 3, "x" * 65),
        (1, 2, 3, "' OR 1=1 --"),
        (1, 2, 3, "\u00e9"),
    ],
)
def test_a_forged_page_token_is_garbage(start: int, end: int, time_ms: int, error_id: str) -> None:
    token = page_token(PageStart(Micros(start), Micros(end), time_ms, error_id), FINGERPRINT)
    with pytest.raises(InvalidRequest, match="not a token of this service"):
        page_start_of(token, FINGERPRINT)


@given(st.text())
def test_garbage_is_no_page_token(garbage: str) -> None:
    with pytest.raises(InvalidRequest, match="page_token"):
        page_start_of(garbage, FINGERPRINT)


@given(st.binary(max_size=60))
def test_a_sealed_something_else_is_no_page_of_this_request(content: bytes) -> None:
    if content.startswith(FINGERPRINT):
        return
    with pytest.raises(InvalidRequest):
        page_start_of(seal(101, content), FINGERPRINT)
