import pytest

from footfall_adapters.environment import SettingsError, read_settings
from footfall_local.settings import LocalSettings


def read(origins: str) -> LocalSettings:
    settings: LocalSettings
    (settings,) = read_settings({"FOOTFALL_LOCAL_CORS_ORIGINS": origins}, LocalSettings)
    return settings


def test_origins_are_separated_by_commas() -> None:
    found = read("https://shop.example, http://localhost:3000,*").cors_origins
    assert found == ("https://shop.example", "http://localhost:3000", "*")
    assert LocalSettings().cors_origins is None


@pytest.mark.parametrize("wrong", ["shop.example", "https://shop.example/", "https://*.shop.example", "", "ftp://x"])
def test_what_no_browser_would_send_as_an_origin_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"FOOTFALL_LOCAL_CORS_ORIGINS: .*is no origin; allowed are scheme, host"):
        read(wrong)
