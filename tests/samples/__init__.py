"""One stored sample of everything that travels or is kept, by the version that wrote it.

`1/raw_record.bin` is what version 1 wrote, `1/raw_record.json` what it means. A test has today's code read all of them,
since version n reads what n-1 wrote: a server of one version meets the topics, state, cache and tokens of the other.

    python -m tests.samples          writes the samples that the newest version has not yet; never one anew
    python -m tests.samples 2        begins version 2

Only a sample that no release has written may be removed, to be made anew.
"""
