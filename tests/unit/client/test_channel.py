"""Which servers a client trusts."""

import grpc
import pytest
import trustme

from footfall import Client, GivenUpError
from footfall.aio import Client as AsyncClient
from footfall.channel import open_channel
from footfall_cli import endpoint as endpoints
from footfall_cli.main import run
from tests.unit.scripted_server import ScriptedServer


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server(authority):
    certificate = authority.issue_cert("localhost")
    key, chain = certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes()
    with ScriptedServer(credentials=grpc.ssl_server_credentials([(key, chain)])) as server:
        yield server


@pytest.fixture
def ca_file(authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


def test_a_gateway_with_its_own_root_is_trusted_by_whoever_is_given_it(server, ca_file):
    for certificates in (ca_file, str(ca_file), ca_file.read_bytes()):
        with Client(server.endpoint, "shop", root_certificates=certificates) as client:
            client.track("a", client_id="c")
            assert client.flush(20)

    assert len(server.writes) == 3


async def test_so_it_is_with_asyncio(server, ca_file):
    async with AsyncClient(server.endpoint, "shop", root_certificates=ca_file) as client:
        await client.track("a", client_id="c")
        assert await client.flush(20)

    assert len(server.writes) == 1


def test_a_gateway_with_its_own_root_is_not_trusted_otherwise(server):
    with Client(server.endpoint, "shop") as client, pytest.raises(GivenUpError, match="nobody answered"):
        client.connect(0.5)


def test_the_commands_trust_what_the_environment_names(server, ca_file, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(endpoints, "CONNECT_SECONDS", 20.0)
    monkeypatch.setenv("FOOTFALL_ENDPOINT", server.endpoint)
    monkeypatch.setenv("FOOTFALL_CA_FILE", str(ca_file))
    file = tmp_path / "events.jsonl"
    file.write_text('{"name": "a", "client_id": "c"}\n')

    for way in ((), ("--unary",)):
        assert run(["replay", str(file), "--format", "jsonl", "--property", "shop", *way]) == 0, capsys.readouterr()

    assert server.ways == ["stream 1", "call"]


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "no such file or directory."), ("no pem", "no certificate in PEM form")]
)
def test_root_certificates_that_are_none_are_one_sentence(monkeypatch, capsys, tmp_path, content, sentence):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("FOOTFALL_CA_FILE", str(file))

    assert run(["errors", "--property", "shop", "--endpoint", "https://localhost:1"]) == 2
    err = capsys.readouterr().err
    assert f"FOOTFALL_CA_FILE: {file}: " in err
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_root_certificates_are_of_no_use_for_plain_text():
    with pytest.raises(ValueError, match="write https"):
        open_channel("localhost:1", root_certificates=b"-----BEGIN CERTIFICATE-----")
    with pytest.raises(OSError, match="nowhere"):
        open_channel("https://localhost:1", root_certificates="nowhere.pem")
