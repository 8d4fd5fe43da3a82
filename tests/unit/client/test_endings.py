"""What becomes of events when their process forks, or is told to end."""

import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import pytest

from tests.unit.scripted_server import ScriptedServer, Silent


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@contextmanager
def _start(program, *arguments):
    run = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    process = subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


def _names(server):
    return [event.name for write in server.writes for event in write.events]


AGELESS = "batching=footfall.BatchPolicy(max_age_seconds=3600)"


def test_sigterm_sends_what_waits_and_then_ends_the_process_as_it_would_have(server):
    program = f"""
        import footfall, time
        client = footfall.Client({server.endpoint!r}, "shop", {AGELESS})
        client.track("a", client_id="c")
        print("tracked", flush=True)
        time.sleep(60)  # which the main thread may be just about to begin
    """
    with _start(program) as process:
        assert process.stdout.readline() == "tracked\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM

    assert _names(server) == ["a"]


def test_a_program_that_handles_sigterm_itself_is_left_to_it(server):
    program = f"""
        import footfall, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        client = footfall.Client({server.endpoint!r}, "shop", {AGELESS})
        client.track("a", client_id="c")
        print("tracked", flush=True)
        while True:
            time.sleep(0.01)
    """
    with _start(program) as process:
        assert process.stdout.readline() == "tracked\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 7

    assert _names(server) == ["a"]  # at the end of the program, as ever


def test_a_program_that_handles_sigterm_later_is_left_to_it_and_told_once(server):
    program = f"""
        import footfall, signal, sys, time
        client = footfall.Client({server.endpoint!r}, "shop", {AGELESS})
        client.track("a", client_id="c")
        told = []
        signal.signal(signal.SIGTERM, lambda *_: told.append(1))
        print("tracked", flush=True)
        while not told:
            time.sleep(0.01)
        client.close()
        print(len(told), flush=True)
    """
    with _start(program) as process:
        assert process.stdout.readline() == "tracked\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "1\n"
        assert process.wait(30) == 0

    assert _names(server) == ["a"]


def test_sigterm_is_noticed_although_another_is_told_of_signals_first(server):
    program = f"""
        import footfall, os, signal, time
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell)
        client = footfall.Client({server.endpoint!r}, "shop", {AGELESS})
        client.track("a", client_id="c")
        print("tracked", flush=True)
        while True:
            time.sleep(0.01)
    """
    with _start(program) as process:
        assert process.stdout.readline() == "tracked\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM

    assert _names(server) == ["a"]


def test_a_second_sigterm_ends_the_process_at_once(server):
    server.writes_script.append(Silent())
    program = f"""
        import footfall.delivery, time
        footfall.delivery.LAST_CHANCE_SECONDS = 60
        client = footfall.Client({server.endpoint!r}, "shop")
        client.track("a", client_id="c")
        print("tracked", flush=True)
        while True:
            time.sleep(0.01)
    """
    with _start(program) as process:
        assert process.stdout.readline() == "tracked\n"
        assert server.arrived.wait(10)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)  # of the minute that it is given here
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_a_closed_client_leaves_sigterm_as_it_was():
    program = """
        import footfall, signal
        footfall.Client("127.0.0.1:1", "shop").close()
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    """
    with _start(program) as process:
        assert process.stdout.read() == "True\n"


@pytest.mark.parametrize("spool", ["None", "sys.argv[1]"])
def test_a_forked_child_is_told_to_make_its_own_client_and_sends_nothing_of_its_parents(server, tmp_path, spool):
    program = f"""
        import atexit, footfall, os, sys
        with footfall.Client({server.endpoint!r}, "shop", spool={spool}, {AGELESS}) as client:
            client.track("a", client_id="c")
            child = os.fork()
            if child == 0:
                try:
                    client.track("b", client_id="c")
                except RuntimeError as error:
                    print(error, flush=True)
                client.close()
                atexit._run_exitfuncs()  # as at the end of a program, but for what gRPC does there
                os._exit(5)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            client.track("c", client_id="c")
    """
    run = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "spool")]
    told = "the client was made before a fork, in the parent process; make one in this process"
    said = []
    for _ in range(5):
        server.writes.clear()
        said = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
        # Python lets go of what the parent's threads had on their stacks, and gRPC crashes now and then when that is
        # its own: before the child has run a line
        if said[0] not in {str(-signal.SIGSEGV.value), str(-signal.SIGABRT.value)}:
            break
    assert said == [told, "5"]
    assert _names(server) == ["a", "c"]


def test_a_spool_is_free_when_its_process_is_gone_although_a_forked_child_lives_on(server, tmp_path):
    program = f"""
        import footfall, os, sys
        client = footfall.Client({server.endpoint!r}, "shop", spool=sys.argv[1])
        client.track("a", client_id="c")
        if os.fork() == 0:
            print(os.getpid(), flush=True)
            sys.stdin.read()
            os._exit(0)
        os.kill(os.getpid(), 9)
    """
    with _start(program, str(tmp_path / "spool")) as process:
        assert process.stdout.readline()
        assert process.wait(30) == -signal.SIGKILL
        open_again = f"import footfall; footfall.Client({server.endpoint!r}, 'shop', spool={str(tmp_path / 'spool')!r})"
        subprocess.run([sys.executable, "-c", open_again], check=True, timeout=60)


def test_sigterm_ends_a_forked_child_at_once(server):
    program = f"""
        import footfall, os, time
        client = footfall.Client({server.endpoint!r}, "shop", {AGELESS})
        client.track("a", client_id="c")
        child = os.fork()
        if child == 0:
            while True:
                time.sleep(0.01)
        os.kill(child, 15)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        client.close()
    """
    with _start(program) as process:
        assert process.stdout.read() == "-15\n"
    assert _names(server) == ["a"]


REGISTER = "atexit.register(lambda: client.track('last', client_id='c'))"


@pytest.mark.parametrize(
    "order",
    [
        f"{REGISTER}; client = footfall.Client(sys.argv[1], 'shop', {AGELESS}); client.track('a', client_id='c')",
        f"client = footfall.Client(sys.argv[1], 'shop', {AGELESS}); {REGISTER}; client.track('a', client_id='c')",
        f"client = footfall.Client(sys.argv[1], 'shop', {AGELESS}); client.track('a', client_id='c'); {REGISTER}",
    ],
    ids=["before the client", "before the first event", "after the first event"],
)
def test_what_a_program_tracks_at_its_very_end_is_sent_whenever_it_registered_for_that(server, order):
    with _start(f"import atexit, footfall, sys; {order}", server.endpoint) as process:
        assert process.wait(30) == 0

    assert _names(server) == ["a", "last"]


def test_an_event_that_is_tracked_at_the_very_end_may_be_the_first(server):
    program = f"import atexit, footfall, sys; client = footfall.Client(sys.argv[1], 'shop', {AGELESS}); {REGISTER}"
    with _start(program, server.endpoint) as process:
        assert process.wait(30) == 0

    assert _names(server) == ["last"]


def test_what_was_dropped_is_reported_when_a_program_ends_without_closing(server):
    program = """
        import footfall, sys
        client = footfall.Client(sys.argv[1], "shop")
        try:
            client.track("a", client_id=7)
        except TypeError:
            pass
    """
    with _start(program, server.endpoint) as process:
        assert process.wait(30) == 0

    assert [[d.count for d in report.discarded] for report in server.discards] == [[1]]


def test_statistics_of_a_parents_client_are_refused_in_a_forked_child(server):
    program = """
        import footfall, os, sys
        client = footfall.Client(sys.argv[1], "shop")
        if os.fork() == 0:
            try:
                client.statistics()
            except RuntimeError as error:
                print(error, flush=True)
            os._exit(0)
        os.wait()
    """
    with _start(program, server.endpoint) as process:
        assert "made before a fork" in process.stdout.read()
