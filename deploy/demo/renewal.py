"""Certificates of the service: made, put into force on members, and named in their node.yaml."""

import shutil
import subprocess
from pathlib import Path

from story import append_yaml


def make_certificate(cluster, name, days):
    """One of its own authority, and its key, below this name in the cluster's directory."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj",
                    "/CN=www.example", "-addext", "subjectAltName=DNS:www.example",
                    "-keyout", str(cluster.directory / f"{name}.key"),
                    "-out", str(cluster.directory / f"{name}.pem")],
                   check=True, capture_output=True)


def put_certificate(cluster, member, name):
    """The certificate of that name into force on a member: by renaming, as renewals do."""
    home = Path(cluster.members[member].dir)
    for end in ("key", "pem"):
        shutil.copy(cluster.directory / f"{name}.{end}", home / f"new.{end}")
        (home / f"new.{end}").rename(home / f"www.{end}")


def watch_certificates(cluster):
    """Makes an old and a new one, and has all front nodes watch the old one."""
    make_certificate(cluster, "old", 60)
    make_certificate(cluster, "new", 150)
    for member in cluster.front_nodes():
        put_certificate(cluster, member, "old")
        home = Path(cluster.members[member].dir)
        append_yaml(cluster.members[member].config, "certificates",
                    [{"purpose": "https", "file": str(home / "www.pem"),
                      "key": str(home / "www.key"), "host": "www.example"}])
