import pytest

from footfall_core.enrichment.activity import is_active_user


@pytest.mark.parametrize(
    "params",
    [
        {"engagement_time_msec": 1},
        {"engagement_time_msec": 0.5},
        {"engagement_time_msec": "100"},
        {"session_engaged": 1},
        {"session_engaged": "1"},
        {"session_engaged": True},
        {"session_engaged": "true"},
        {"engagement_time_msec": 0, "session_engaged": "1"},
    ],
)
def test_engagement_makes_a_user_active(params: dict[str, str | bool | int | float]) -> None:
    assert is_active_user(params)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"engagement_time_msec": 0},
        {"engagement_time_msec": -1},
        {"engagement_time_msec": "0"},
        {"engagement_time_msec": "soon"},
        {"engagement_time_msec": "nan"},
        {"engagement_time_msec": ""},
        {"session_engaged": 0},
        {"session_engaged": "0"},
        {"session_engaged": 2},
        {"session_engaged": False},
        {"session_engaged": "yes"},
        {"engagement_time": 5, "other": 1},
    ],
)
def test_everything_else_does_not(params: dict[str, str | bool | int | float]) -> None:
    assert not is_active_user(params)
