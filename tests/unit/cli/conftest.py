"""What the tests of the commands share."""

import pytest

from footfall_cli import endpoint as endpoints
from footfall_cli.main import run
from tests.unit.scripted_server import ScriptedServer


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """No endpoint in the environment, no stack, and patience with a busy machine."""
    monkeypatch.setattr(endpoints, "CONNECT_SECONDS", 20.0)
    monkeypatch.delenv("FOOTFALL_ENDPOINT", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nobody(monkeypatch):
    """An address at which nobody answers; that is known soon."""
    monkeypatch.setattr(endpoints, "CONNECT_SECONDS", 0.1)
    return "127.0.0.1:9"


@pytest.fixture
def command(capsys):
    def run_command(*arguments):
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run_command


@pytest.fixture
def jsonl(tmp_path):
    def write(*lines):
        path = tmp_path / "events.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return write
