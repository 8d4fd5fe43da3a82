"""A page in a real browser writes an event and reads it in a report, with the code of docs/rest.md, across origins.

The page comes from a port of its own, so that every call is one to another origin and CORS counts.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from queue import Queue
from typing import Any

import psutil
import pytest

from footfall_local.stack import Stack
from tests.conftest import ROOT, unavailable
from tests.e2e.rest_page import blocks

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("@connectrpc/connect", "@connectrpc/connect-web", "@bufbuild/protobuf")
BROWSER_S = 60.0

PAGE = """<!doctype html>
<script type="importmap">{imports}</script>
<script type="module">
const tell = (what) => fetch("/told", {{ method: "POST", body: JSON.stringify(what) }});
addEventListener("error", (event) => tell({{ failed: event.message }}));
addEventListener("unhandledrejection", (event) => tell({{ failed: String(event.reason) }}));
</script>
<script type="module" src="/page.js"></script>
"""

TELL = """
import { ConnectError } from "@connectrpc/connect";

let code, details;
try {
  await createClient(QueryService, transport).runReport({ property, metrics: [{ name: "nothing" }] });
} catch (error) {
  ({ code } = ConnectError.from(error));
  details = ConnectError.from(error).details.map((detail) => detail.type);
}
await fetch("/told", {
  method: "POST",
  body: JSON.stringify({ accepted: written.accepted, metrics: report.metricHeaders.map((h) => h.name), code, details }),
});
"""


class Site(SimpleHTTPRequestHandler):
    """Serves the page's files, and takes what the page tells."""

    told: "Queue[Any]"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.told.put(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        unavailable("there is no Chromium on this machine: apt-get install chromium-headless-shell")
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries from npm, and the contracts' code for them: what docs/rest.md tells to make."""
    npm = shutil.which("npm")
    if npm is None:
        unavailable("there is no npm on this machine: install Node.js")
    folder = tmp_path_factory.mktemp("site")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/e2e/browser" / name, folder / name)
    subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    made = folder / "gen"
    made.mkdir()
    _, protoc = blocks("From a browser")[0].code.splitlines()
    # the same command, with the protoc that the project has
    arguments = protoc.removeprefix("protoc ").replace("-I protos", f"-I {ROOT / 'protos'} -I $INCLUDE")
    compiler = f"{sys.executable} -m grpc_tools.protoc"
    environment = {"INCLUDE": str(files("grpc_tools") / "_proto"), "PATH": str(Path(npm).parent) + ":/usr/bin:/bin"}
    subprocess.run(["bash", "-c", f"{compiler} {arguments}"], cwd=folder, check=True, env=environment)
    return folder


def imports(site: Path) -> dict[str, str]:
    """Return where a page finds the packages' modules, as their own `exports` say; a bundler would do the same."""
    found = {}
    for package in PACKAGES:
        exports = json.loads((site / "node_modules" / package / "package.json").read_text())["exports"]
        for name, conditions in exports.items():
            if isinstance(conditions, dict) and "import" in conditions:
                file = conditions["import"]
                file = file if isinstance(file, str) else file["default"]
                found[package + name.removeprefix(".")] = f"/node_modules/{package}/{file.removeprefix('./')}"
    return found


@contextmanager
def served(site: Path) -> "Iterator[tuple[str, Queue[Any]]]":
    told: Queue[Any] = Queue()
    handler = type("OneSite", (Site,), {"told": told})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def opened(browser: str, page: str, profile: Path) -> Iterator[None]:
    # no sandbox: CI runs as root, and the page is our own
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
    log = profile.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [browser, *options, f"--user-data-dir={profile}", "--no-proxy-server", page], stdout=output, stderr=output
        )
    try:
        yield
    finally:
        # Debian's program is a script that starts the browser: ending the script alone would leave the browser behind
        started = psutil.Process(process.pid)
        family = [*started.children(recursive=True), started]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.terminate()
        _, left = psutil.wait_procs(family, timeout=10)
        for member in left:
            member.kill()
        process.wait()


def test_a_page_writes_an_event_and_reads_a_report(
    browser: str, site: Path, stack: Stack, property_id: str, tmp_path: Path
) -> None:
    (example,) = blocks("From a browser", "js")
    code = example.code
    for placeholder, value in (
        ("127.0.0.1:PORT", stack.addresses["grpc"]),
        ("my-shop", property_id),
        ('"KEY"', json.dumps(os.environ["FOOTFALL_KEY"])),
    ):
        code = code.replace(placeholder, value)
    (site / "page.js").write_text(code + TELL)
    (site / "index.html").write_text(PAGE.format(imports=json.dumps({"imports": imports(site)})))
    with served(site) as (page, told), opened(browser, page, tmp_path / "profile"):
        said = told.get(timeout=BROWSER_S)
    assert said == {
        "accepted": 1,
        "metrics": ["eventCount"],
        # and a refusal is told with what was wrong, which the browser shows only to pages that may see it
        "code": 3,
        "details": ["google.rpc.ErrorInfo", "google.rpc.BadRequest"],
    }
