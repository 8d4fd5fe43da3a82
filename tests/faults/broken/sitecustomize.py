"""Breaks a promise on purpose in the processes that find this folder on their `PYTHONPATH`; see `tests.faults.breaks`.

Python imports a module of this name at its start, so that no line of Footfall itself knows of it.
"""

import os
import sys

if broken := os.environ.get("TESTS_BREAK_PROMISE"):
    from tests.faults.breaks import BREAKS

    BREAKS[broken].apply(sys.orig_argv)
