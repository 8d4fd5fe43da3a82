"""Puts a rule of yesterday back in force, in the processes that find this folder on their `PYTHONPATH`.

Python imports a module of this name at its start, so that no line of Footfall itself knows of it. Only servers take
events, so that the command's other processes stay as they are.
"""

import os
import sys

if os.environ.get("TESTS_OLD_RULES") and "serve" in sys.orig_argv:
    from footfall.v1.event_pb2 import Event
    from footfall.v1.ingest_pb2 import ErrorCode
    from footfall_core.event_time import EventTimes
    from footfall_core.validation import batch
    from footfall_core.validation.event import event_mistake
    from footfall_core.validation.mistakes import Mistake

    def stricter(event: Event, times: EventTimes) -> Mistake | None:
        if event.name == "store_visit":
            return Mistake("name", ErrorCode.ERROR_CODE_NAME_RESERVED, "'store_visit' is reserved.")
        return event_mistake(event, times)

    batch.event_mistake = stricter
