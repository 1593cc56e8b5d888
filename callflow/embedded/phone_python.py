"""A Python for the SIP phone where ours is newer than pjsua2's wheels: Debian's 3.11, in a folder of its own."""

import hashlib
import os
import shlex
import shutil
import sys
from pathlib import Path

from callflow.embedded.apt import run
from callflow.embedded.debian import PackageSet, unpack
from callflow.embedded.lock import Report
from callflow.embedded.setup_errors import SetupError, disk_full
from callflow.embedded.unpacked import UnpackedRoot

PYTHON = "python3.11"
DEBIAN_PYTHON = PackageSet(name="Python 3.11 för telefonen", suite="bookworm", packages=(PYTHON, "libstdc++6"))
LOCK = Path(__file__).parents[2] / "requirements" / "phone.txt"


def prepare_phone_python(folder: Path, report: Report) -> list[str]:
    """Return the arguments that start Debian's Python 3.11 with pjsua2.

    Raises:
        SetupError: one of its kinds.
    """
    root = UnpackedRoot(unpack(DEBIAN_PYTHON, folder / "debian", report))
    wheels = folder / f"wheels-{_digest(LOCK)}"
    if not wheels.is_dir():
        _install_wheel(wheels, report)
    python = root.command(PYTHON)
    # -s: a user's own packages are made for another Python.
    return ["/usr/bin/env", f"PYTHONHOME={root.root / 'usr'}", f"PYTHONPATH={wheels}", *python, "-s"]


def install_phone_command(python: list[str]) -> None:
    """Write `callflow-phone-python` beside our own Python, where the phone looks for one that has pjsua2."""
    command = Path(sys.executable).with_name("callflow-phone-python")
    script = f'#!/bin/sh\nexec {shlex.join(python)} "$@"\n'
    if sys.prefix == sys.base_prefix or (command.is_file() and command.read_text() == script):
        return  # not a folder of our own, or there already
    new = command.with_name(f".{command.name}.{os.getpid()}")
    new.write_text(script)
    new.chmod(0o755)
    new.replace(command)


def _install_wheel(wheels: Path, report: Report) -> None:
    report("Installerar telefonens bibliotek pjsua2 …")
    work = wheels.with_name(f".{wheels.name}")
    shutil.rmtree(work, ignore_errors=True)
    options = ["--target", str(work), "--python-version", "3.11", "--only-binary=:all:", "--no-deps"]
    done = run([sys.executable, "-m", "pip", "install", "-q", *options, "--require-hashes", "-r", str(LOCK)])
    if "No space left on device" in done.stderr:
        raise disk_full(done.stderr.strip()[-300:])
    if done.returncode != 0:
        raise SetupError(
            f"pjsua2 could not be installed. Check pip's download settings (`pip config list`). pip said: "
            f"{done.stderr.strip()[-1000:]}",
        )
    work.rename(wheels)


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
