"""`footfall errors redrive` against a server that answers as told."""

import json
import re
import signal
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from footfall.v1.errors_pb2 import NotRedrivableReason, ParameterType, RedriveErrorsResponse
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_cli import redrive
from tests.redrives import cast, default, rename
from tests.unit.cli.processes import process_of
from tests.unit.scripted_server import Fails, Hangs

C = grpc.StatusCode


def message(token: str = "", **counts: int) -> RedriveErrorsResponse:
    return RedriveErrorsResponse(resume_token=token, done=not token, **counts)  # type: ignore[arg-type]


def found() -> RedriveErrorsResponse:
    told = message(
        total_count=9,
        examined_count=9,
        redriven_count=4,
        redriven_before_count=2,
        refused_count=2,
        not_redrivable_count=1,
        redriven_event_count=1_003,
        refused_event_count=2,
    )
    kind = told.refused.add(code=ErrorCode.ERROR_CODE_VALUE_INVALID, event_count=2)
    kind.examples.add(error_id="aaaa", field="events[3].currency", message="'EURO\x1b[2J' is not three letters.")
    reason = told.not_redrivable.add(reason=NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_SENT, error_count=1)
    reason.message = "Nothing came here."
    reason.error_ids.append("bbbb")
    return told


def gone_on_with(err):
    """Return the range with which a command says that it goes on."""
    told = re.search(r"To go on, run the same command again with --since (\S+Z) --until (\S+Z)[.:]", err)
    return [datetime.fromisoformat(instant) for instant in told.groups()]


@pytest.fixture
def terminal(monkeypatch):
    """Have somebody at the keyboard, who answers."""

    def answering(answer):
        monkeypatch.setattr(redrive.sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer)

    return answering


def test_a_dry_run_says_what_would_become_of_the_errors(server, command):
    server.redrives_script.append([found()])
    code, out, err = command("errors", "redrive", "--property", "shop", "--dry-run", "--endpoint", server.endpoint)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "9 errors looked at",
        "4 errors would be redriven: 1,003 events",
        "2 errors redriven before",
        "2 events would stay refused",
        "  VALUE_INVALID: 2 events",
        r"    aaaa events[3].currency: 'EURO\x1b[2J' is not three letters.",
        "1 error cannot be redriven",
        "  1 error: Nothing came here. For example bbbb",
    ]
    (request,) = server.redrives
    assert request.validate_only


def test_it_looks_first_asks_and_redrives_the_same_errors(server, command, terminal):
    terminal("y")
    server.redrives_script += [[found()], [found()]]
    arguments = ("--property", "shop", "--stage", "validation", "--since", "2h", "--rename", "params.a=params.b")
    code, out, _ = command("errors", "redrive", *arguments, "--endpoint", server.endpoint)
    assert code == 0
    assert "4 errors would be redriven: 1,003 events" in out
    assert "4 errors redriven: 1,003 events" in out
    looked, redriven = server.redrives
    assert (looked.validate_only, redriven.validate_only) == (True, False)
    looked.validate_only = False
    assert looked == redriven
    age = datetime.now(UTC) - redriven.end_time.ToDatetime(tzinfo=UTC)
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_who_says_no_redrives_nothing(server, command, terminal):
    terminal("n")
    server.redrives_script.append([found()])
    code, _, _ = command("errors", "redrive", "--property", "shop", "--endpoint", server.endpoint)
    assert code == 130
    assert [request.validate_only for request in server.redrives] == [True]


def test_nobody_is_asked_about_nothing(server, command, terminal):
    terminal("y")
    server.redrives_script.append([message(total_count=2, examined_count=2, redriven_before_count=2)])
    code, out, _ = command("errors", "redrive", "--property", "shop", "--endpoint", server.endpoint)
    assert (code, len(server.redrives)) == (0, 1)
    assert "0 errors would be redriven: 0 events" in out


def test_with_yes_it_neither_looks_nor_asks_and_json_has_numbers(server, command):
    server.redrives_script.append([found()])
    arguments = ("--property", "shop", "--yes", "--json", "--error", "aaaa", "--error", "bbbb")
    code, out, _ = command("errors", "redrive", *arguments, "--endpoint", server.endpoint)
    answer = json.loads(out)
    assert code == 0
    assert (answer["redriven_event_count"], answer["validate_only"], answer["done"]) == (1003, False, True)
    assert answer["refused"][0]["event_count"] == 2
    (request,) = server.redrives
    assert list(request.error_ids) == ["aaaa", "bbbb"]
    assert not request.HasField("end_time")
    assert not request.HasField("filter")


def test_repairs_are_made_in_the_order_in_which_they_were_written(server, command):
    server.redrives_script.append([found()])
    repairs = ("--cast", "params.v=number", "--rename=params.v=value", "--default", "currency=EUR", "--rename", "a=b")
    odd = ("--default", "params.x=NaN", "--default", "params.y=-Infinity", "--default", f"params.z={'[' * 50_000}")
    more = ("--default", "params.n=3", "--default=params.t=x=y", "--default", "params.b=true", "--default", "value=2.5")
    code, _, err = command(
        "errors", "redrive", "--property", "shop", "--dry-run", *repairs, *more, *odd, "--endpoint", server.endpoint
    )
    assert (code, err) == (0, "")
    assert list(server.redrives[0].repairs) == [
        cast("params.v", ParameterType.PARAMETER_TYPE_NUMBER),
        rename("params.v", "value"),
        default("currency", "EUR"),
        rename("a", "b"),
        default("params.n", 3),
        default("params.t", "x=y"),
        default("params.b", True),
        default("value", 2.5),
        default("params.x", "NaN"),
        default("params.y", "-Infinity"),
        default("params.z", "[" * 50_000),
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--rename", "a"), "'a' is not of the form FROM=TO."),
        (("--cast", "params.a"), "'params.a' is not of the form params.NAME=TYPE."),
        (("--cast", "params.a=date"), "there is no type 'date'; allowed are string, number, boolean."),
        (("--default", "x"), "'x' is not of the form PATH=VALUE."),
        (("--default", f"params.n=1{'0' * 400}"), f"params.n=1{'0' * 70}…: the number is too large."),
        (("--default", f"params.n=1{'0' * 5_000}"), "…: the number is too large."),
        (("--default", "params.n=-1e999"), "params.n=-1e999: the number is too large."),
        (("--since", "999999d"), "'999999d' is not a time; write"),
        (("--until", "0001-01-01"), "--since or --until is beyond the years 1 to 9999."),
        (("--repair", "foo:bar"), "there is no repair 'foo'; allowed are --rename, --cast, --default."),
        (("--repair", "foo"), "there is no repair 'foo'; allowed are --rename, --cast, --default."),
        (("--error", "a", "--code", "NAME_INVALID"), "--error says by itself which errors"),
    ],
)
def test_what_is_written_wrongly_is_said_before_anybody_is_asked(server, command, arguments, says):
    code, out, err = command(
        "errors", "redrive", "--property", "shop", "--dry-run", *arguments, "--endpoint", server.endpoint
    )
    assert (code, out) == (2, "")
    assert says in err
    assert server.redrives == []


def test_a_repair_that_is_left_out_is_said(server, command):
    code, _, err = command("errors", "redrive", "--property", "shop", "--endpoint", server.endpoint, "--default")
    assert code == 2
    assert "'' is not of the form PATH=VALUE." in err


def test_without_somebody_to_ask_it_wants_to_be_told(server, command):
    code, _, err = command("errors", "redrive", "--property", "shop", "--endpoint", server.endpoint)
    assert code == 2
    assert "say --dry-run to look, or --yes to redrive" in err


def test_options_of_errors_belong_behind_redrive(server, command):
    code, _, err = command("errors", "--property", "shop", "--count", "redrive", "--endpoint", server.endpoint)
    assert code == 2
    assert "Write --property, --count behind redrive." in err
    code, _, err = command("errors", "--key", "k", "redrive", "--endpoint", server.endpoint, "--property", "shop")
    assert code == 2
    assert "Write --key behind redrive." in err
    code, _, err = command("errors", "--endpoint", server.endpoint)
    assert code == 2
    assert "Missing option '--property'" in err


def test_a_server_that_goes_away_is_gone_on_with_behind_the_last_message(server, command):
    first = message("one", total_count=1000, examined_count=500, redriven_count=500, redriven_event_count=500)
    last = message(examined_count=500, redriven_count=499, refused_count=1, redriven_event_count=499)
    server.redrives_script += [[Fails(C.UNAVAILABLE)], [first, Fails(C.UNAVAILABLE)], [Fails(C.UNAVAILABLE)], [last]]
    code, out, err = command("errors", "redrive", "--property", "shop", "--yes", "--endpoint", server.endpoint)
    assert (code, err) == (0, "")
    assert "1,000 errors looked at" in out
    assert "999 errors redriven: 999 events" in out
    assert [request.resume_token for request in server.redrives] == ["", "", "one", "one"]


def test_what_the_server_refuses_is_a_sentence(server, command):
    server.redrives_script.append([Fails(C.INVALID_ARGUMENT, "repairs[0].rename.from: 'a' is no path.")])
    code, _, err = command("errors", "redrive", "--property", "shop", "--yes", "--endpoint", server.endpoint)
    assert code == 2
    assert err == "footfall: repairs[0].rename.from: 'a' is no path.\n"


def test_ctrl_c_says_how_to_go_on(server):
    first = message("one", total_count=1000, examined_count=500, redriven_count=500, redriven_event_count=500)
    server.redrives_script.append([first, Hangs()])
    with process_of(server, "errors", "redrive", "--property", "shop", "--yes") as process:
        assert server.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    since, until = gone_on_with(err)
    (request,) = server.redrives
    assert request.start_time.ToDatetime(tzinfo=UTC) == since
    assert request.end_time.ToDatetime(tzinfo=UTC) == until
    assert until - since == timedelta(days=1)
    assert err.rstrip().endswith(": each counts once.")


def test_who_goes_on_as_told_asks_for_the_same_errors(server, command, monkeypatch):
    monkeypatch.setattr(redrive, "PATIENCE_SECONDS", 0.2)
    server.redrives_script += [[Fails(C.UNAVAILABLE)]] * 50
    arguments = ("errors", "redrive", "--property", "shop", "--yes", "--since", "2h", "--endpoint", server.endpoint)
    code, _, err = command(*arguments)
    assert code == 3
    since, until = gone_on_with(err)
    first, tried = server.redrives[0], len(server.redrives)
    server.redrives_script.clear()
    server.redrives_script.append([found()])
    again = ("--since", redrive._written(since), "--until", redrive._written(until))
    code, _, err = command(*arguments[:5], *again, "--endpoint", server.endpoint)
    assert (code, err) == (0, "")
    assert server.redrives[tried:] == [first]


def test_who_named_errors_goes_on_with_the_same_command(server, command, monkeypatch):
    monkeypatch.setattr(redrive, "PATIENCE_SECONDS", 0.2)
    server.redrives_script += [[Fails(C.UNAVAILABLE)]] * 50
    code, _, err = command(
        "errors", "redrive", "--property", "shop", "--yes", "--error", "a", "--endpoint", server.endpoint
    )
    assert code == 3
    assert err.endswith(". To go on, run the same command again.\n")


def test_a_dry_run_stores_nothing_although_it_is_not_to_ask(server, command):
    server.redrives_script.append([found()])
    arguments = ("--property", "shop", "--dry-run", "--yes", "--endpoint", server.endpoint)
    assert command("errors", "redrive", *arguments)[0] == 0
    assert [request.validate_only for request in server.redrives] == [True]
