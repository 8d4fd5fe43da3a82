"""What `footfall consume` refuses before it starts anything."""


def test_events_and_imports_take_a_process_each(command):
    code, out, err = command("consume", "imports", "events", "queries")

    assert (code, out) == (2, "")
    assert "history must not delay live events" in err
