"""Events on the disk, so that each is counted once although the process that tracked it died.

    FOLDER/lock                      held by the one process that uses the spool
    FOLDER/writer.json               the format, the property, and the writer that numbers the batches for good
    FOLDER/errors.token              up to where the error stream was followed
    FOLDER/0000000000000007.batch    the events of batch 7, and nothing else: `batch_file` says in which form
    FOLDER/0000000000000006.done     the newest batch of all if it is settled: it keeps its number from being used again

A batch is a file and its number is the file's name, so neither can be taken for another's after a crash. Whoever
opens a spool adds nothing to the batches that he finds: they may have been sent. `fix` has the file on the disk as it
is sent, before it is sent for the first time. A file that is settled is removed.

Plain files and not SQLite: a fork must not carry SQLite's connections along, not even to close them, and servers fork.
With an fsync an event both take about as long; without one a file takes a tenth of the time.
"""
