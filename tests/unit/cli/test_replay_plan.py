"""The lines of a file in batches: always the same ones."""

import pytest

from footfall.v1.event_pb2 import Event
from footfall_cli.replay.lines import MAX_LINE_BYTES, RefusedLineError, fingerprint, read_lines
from footfall_cli.replay.plan import batches, writer_id_of
from footfall_cli.terminal import Failure


@pytest.fixture
def file_of(tmp_path):
    def write(content, name="events"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def _event_of(line):
    if line.content == b"bad":
        raise RefusedLineError("it is bad")
    return Event(name=line.content.decode()) if line.content else None


def test_lines_end_with_either_line_break_or_the_file(file_of):
    lines = list(read_lines(fingerprint(file_of(b"a\r\nb\n\nlast"))))

    assert [(line.number, line.content, line.end) for line in lines] == [
        (1, b"a", 3),
        (2, b"b", 5),
        (3, b"", 6),
        (4, b"last", 10),
    ]


def test_what_is_appended_after_the_fingerprint_is_not_read(file_of):
    path = file_of(b"a\nb")
    source = fingerprint(path)
    with path.open("ab") as file:
        file.write(b"c\nd\n")

    assert [line.content for line in read_lines(source)] == [b"a", b"b"]


def test_a_line_without_end_is_cut_in_memory_and_marked_and_the_next_one_is_whole(file_of):
    source = fingerprint(file_of(b"x" * (3 * MAX_LINE_BYTES) + b"\nnext\n"))

    long, following = read_lines(source)
    assert (long.too_long, len(long.content), following.number, following.content) == (
        True,
        MAX_LINE_BYTES,
        2,
        b"next",
    )
    assert not following.too_long


def test_a_line_as_long_as_allowed_is_not_marked(file_of):
    (line,) = read_lines(fingerprint(file_of(b"x" * (MAX_LINE_BYTES - 1) + b"\n")))

    assert not line.too_long


def test_refused_and_blank_lines_leave_no_gap_and_events_keep_their_line_numbers(file_of):
    refused = []
    source = fingerprint(file_of(b"a\nbad\n\nb\nc\n"))

    found = list(batches(source, _event_of, 2, lambda number, why: refused.append((number, why))))

    assert refused == [(2, "it is bad")]
    assert [(b.sequence, b.lines, [e.name for e in b.events]) for b in found] == [
        (1, [1, 4], ["a", "b"]),
        (2, [5], ["c"]),
    ]


def test_large_events_make_smaller_batches_so_that_no_request_is_refused(file_of):
    source = fingerprint(file_of((b"x" * 60_000 + b"\n") * 100))

    found = list(batches(source, _event_of, 500, lambda *_: None))

    assert sum(len(b.events) for b in found) == 100
    assert all(sum(e.ByteSize() for e in b.events) <= 2 * 1024 * 1024 for b in found)


def test_the_writer_is_that_of_content_and_choices_and_not_of_the_name(file_of):
    one, copy, other = (fingerprint(file_of(c, n)) for c, n in ((b"a", "x"), (b"a", "y"), (b"b", "z")))

    assert writer_id_of(one, "jsonl", "", 500) == writer_id_of(copy, "jsonl", "", 500)
    assert len({writer_id_of(s, *c) for s in (one, other) for c in (("jsonl", "", 500), ("jsonl", "", 499))}) == 4
    assert writer_id_of(one, 500).startswith("replay-")
    assert len(writer_id_of(one, 500)) == len("replay-") + 16


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_is_missing_or_empty_is_one_sentence(file_of, tmp_path, content):
    path = tmp_path / "none" if content is None else file_of(content)

    with pytest.raises(Failure, match=r"no such file|the file is empty"):
        fingerprint(path)
