"""How commands end: one sentence for each mistake, and an exit code."""

import subprocess
import sys

import pytest

from footfall.v1.errors_pb2 import Heartbeat, StreamErrorsResponse
from footfall_cli.main import COMMANDS, footfall
from footfall_cli.terminal import plain
from tests.unit.cli.processes import line_of

NOBODY = "{nobody}"
REPORT = ("report", "--property", "semicomplete", "--dimensions", "date,pageTitle", "--metrics", "eventCount")
DAYS = ("--from", "2015-05-17", "--to", "2015-05-20")
REPLAY = ("replay", "{file}", "--format", "jsonl", "--property", "shop")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("nope",), 2, "No such command 'nope'."),
        (("replay",), 2, "Missing argument 'FILE'."),
        ((*REPLAY, "--endpoint", NOBODY), 3, "Footfall cannot be reached at {nobody}: nobody answered within 0.1 s."),
        (REPLAY, 3, "no Footfall runs on this machine"),
        ((*REPLAY, "--endpoint", "somewhere"), 2, "--endpoint: 'somewhere' is not an address"),
        ((*REPLAY, "--batch-size", "1001"), 2, "1001 is not in the range"),
        ((*REPLAY, "--batch-size", "x"), 2, "'x' is not a valid integer"),
        ((*REPLAY, "--rate", "0"), 2, "is not in the range"),
        ((*REPLAY, "--property", "Shop!"), 2, "'Shop!' is not a property"),
        ((*REPLAY, "--site", "example.org"), 2, "--site: 'example.org' is no site"),
        (("replay", "{file}", "--format", "csv", "--property", "shop"), 2, "'csv' is not one of"),
        (("replay", "{file}", "--property", "shop"), 2, "Missing option '--format'."),
        (("replay", "missing", *REPLAY[2:]), 2, "missing: no such file or directory."),
        (("replay", "{folder}", *REPLAY[2:]), 2, "is a directory."),
        (("replay", "{empty}", *REPLAY[2:]), 2, "the file is empty"),
        (
            (*REPORT, *DAYS, "--endpoint", NOBODY),
            3,
            "Footfall cannot be reached at {nobody}: nobody answered within 0.1 s.",
        ),
        ((*REPORT, "--from", "today"), 2, "--to is missing"),
        ((*REPORT, *DAYS, "--range", "today..today"), 2, "--range stands in the place of --from and --to"),
        ((*REPORT, "--range", "march"), 2, "'march' is not a range"),
        ((*REPORT, *DAYS, "--limit", "0"), 2, "0 is not in the range"),
        (("errors", "--property", "shop", "--since", "long ago"), 2, "'long ago' is not a time"),
        (("errors", "--property", "shop", "--endpoint", NOBODY), 3, "cannot be reached"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(command, jsonl, tmp_path, nobody, arguments, code, sentence):
    places = {"file": jsonl(line_of("c")), "folder": tmp_path, "empty": tmp_path / "empty", "nobody": nobody}
    places["empty"].touch()

    ended, out, err = command(*(argument.format(**places) for argument in arguments))

    assert (ended, out) == (code, "")
    assert sentence.format(**places) in err
    assert len(err.splitlines()) == 1
    assert err.startswith("footfall: ")


def test_a_mistake_of_our_own_is_no_traceback(command, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("footfall_cli.errors.find_endpoint", broken)

    code, _, err = command("errors", "--property", "shop")

    assert code == 70
    assert "ZeroDivisionError: oops" in err


def test_an_order_by_what_is_not_in_the_report_is_one_sentence(server, command):
    code, out, err = command(*REPORT, *DAYS, "--order-by", "source", "--endpoint", server.endpoint)

    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "--order-by: 'source' cannot order the report" in err


def test_the_endpoint_is_the_option_else_the_environment(server, command, monkeypatch, request):
    monkeypatch.setenv("FOOTFALL_ENDPOINT", "127.0.0.1:9")
    server.streams_script.append([StreamErrorsResponse(heartbeat=Heartbeat(live=True))])

    assert command("errors", "--property", "shop", "--endpoint", server.endpoint)[0] == 0
    nobody = request.getfixturevalue("nobody")  # from here on it is soon given up that somebody answers
    assert nobody in command("errors", "--property", "shop")[2]


def test_a_wrong_address_in_the_environment_is_named(command, monkeypatch):
    monkeypatch.setenv("FOOTFALL_ENDPOINT", "nowhere")

    assert "FOOTFALL_ENDPOINT: 'nowhere'" in command("errors", "--property", "shop")[2]


def test_help_loads_no_command():
    program = (
        "import sys; from footfall_cli.main import run; run(['--help']); "
        "loaded = {'grpc', 'rich', 'pydantic', 'footfall_local', 'google.protobuf'} & set(sys.modules); "
        "sys.exit(', '.join(loaded) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 0, ended.stderr
    assert all(name in ended.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_has_help(name, command):
    assert footfall.get_command(None, name) is not None
    code, out, _ = command(name, "--help")
    assert (code, out.startswith(f"Usage: footfall {name}")) == (0, True)


def test_without_a_command_the_help_is_shown_on_stderr(command):
    code, out, err = command()

    assert (code, out) == (2, "")
    assert "Commands:" in err


def test_plain_text_steers_no_terminal():
    assert plain("a\x1b[2J\nb\x9bc\u2028d é\u202e") == "a\\x1b[2J\\nb\\x9bc\\u2028d é\\u202e"
