"""TLS before a server that has none: `tls_front.py FOLDER PORT` writes `ca.pem` into FOLDER, the certificate of an authority made for this
run, prints the port that it listens on, and hands what comes in by TLS for `localhost` to PORT of this machine."""

import datetime
import pathlib
import socket
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


def certificate(name, key, issuer, issuer_key, authority):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def server_context(folder):
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = certificate(named("authority"), authority_key, named("authority"), authority_key, True)
    server = certificate(named("localhost"), server_key, named("authority"), authority_key, False)
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(pem(authority))
    (folder / "server.pem").write_bytes(pem(server) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(context, plain, port):
    try:
        secure = context.wrap_socket(plain, server_side=True)
        behind = socket.create_connection(("127.0.0.1", port))
    except OSError:
        return plain.close()
    threading.Thread(target=copy, args=(secure, behind), daemon=True).start()
    copy(behind, secure)


def main(folder, port):
    context = server_context(pathlib.Path(folder))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=serve, args=(context, plain, int(port)), daemon=True).start()


main(sys.argv[1], sys.argv[2])
