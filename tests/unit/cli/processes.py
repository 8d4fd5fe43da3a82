"""Commands as processes of their own, and lines for them to send."""

import json
import subprocess
import sys


def process_of(server, *arguments):
    """Start a command as a process of its own, for signals and pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "footfall_cli.main", *map(str, arguments), "--endpoint", server.endpoint],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(client_id, **fields):
    return json.dumps({"name": "a", "client_id": client_id} | fields)
