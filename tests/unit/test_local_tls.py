from pathlib import Path

import pytest
import trustme

from footfall_local.problems import RequirementMissingError
from footfall_local.settings import LocalSettings
from footfall_local.tls import TlsFiles, find_tls


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return issued(tmp_path_factory.mktemp("tls"))


def issued(folder: Path) -> TlsFiles:
    made = trustme.CA().issue_cert("127.0.0.1")
    pair = TlsFiles(folder / "certificate.pem", folder / "key.pem")
    made.cert_chain_pems[0].write_to_path(pair.certificate)
    made.private_key_pem.write_to_path(pair.key)
    return pair


def refused(certificate: Path | None, key: Path | None) -> str:
    with pytest.raises(RequirementMissingError) as raised:
        find_tls(LocalSettings(tls_certificate=certificate, tls_key=key))
    return str(raised.value)


def test_without_files_it_is_plain_text() -> None:
    assert find_tls(LocalSettings()) is None


def test_a_certificate_with_its_key_is_taken(files: TlsFiles) -> None:
    assert find_tls(LocalSettings(tls_certificate=files.certificate, tls_key=files.key)) == files


def test_one_file_without_the_other_is_refused(files: TlsFiles) -> None:
    assert "FOOTFALL_LOCAL_TLS_CERTIFICATE is set without FOOTFALL_LOCAL_TLS_KEY" in refused(files.certificate, None)
    assert "FOOTFALL_LOCAL_TLS_KEY is set without FOOTFALL_LOCAL_TLS_CERTIFICATE" in refused(None, files.key)


def test_a_file_that_is_not_there_is_named(files: TlsFiles, tmp_path: Path) -> None:
    gone = tmp_path / "gone.pem"
    assert refused(gone, files.key) == (
        f"FOOTFALL_LOCAL_TLS_CERTIFICATE: {gone} cannot be read: No such file or directory."
    )


def test_files_that_hold_something_else_are_refused(files: TlsFiles, tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("hello")
    assert "both must be PEM files" in refused(text, files.key)
    assert "both must be PEM files" in refused(files.certificate, text)


def test_a_key_of_another_certificate_is_refused(files: TlsFiles, tmp_path: Path) -> None:
    assert "the key is not that of the certificate" in refused(files.certificate, issued(tmp_path).key)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(files: TlsFiles, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - trustme brings it along

    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    assert "has a passphrase" in refused(files.certificate, locked)
