"""Start and stop MiniStack, the emulator behind the sandbox.

Source: local-aws dossier section 3 (flags, traps) and MiniStack 1.5.33 itself, where noted.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venvs" / "emulator" / "bin" / "python"

REGION = "us-east-1"
# Who signs with the key that the emulator itself was started with is the account's root user
# there; nobody else is let in once its IAM evaluation is on.
ACCESS_KEY_ID = "AKIASANDBOXOPERATOR1"
SECRET_ACCESS_KEY = "sandbox-operator-on-loopback-only"

_START_TIMEOUT_SECONDS = 60
_STOP_TIMEOUT_SECONDS = 10
_LOG_TAIL_CHARACTERS = 4000


class EmulatorFailedError(RuntimeError):
    """The emulator did not start; the message ends with its last words."""


class Emulator:
    """One MiniStack process on a free port of 127.0.0.1, with IAM evaluation switched on.

    Attributes:
        endpoint_url: where every AWS service of the emulator answers.
        log_path: what the emulator and the functions print.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self.log_path = self._directory / "emulator.log"
        self.endpoint_url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not PYTHON.exists():
            raise EmulatorFailedError(f"{PYTHON} is missing: run `make setup`")
        self._directory.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.endpoint_url = f"http://127.0.0.1:{port}"
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [PYTHON, Path(__file__).with_name("guard.py")],
                env=self._environment(port),
                cwd=self._directory,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the emulator and every function that it runs. Calling it again does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            # The group outlives its leader while a function still runs in it.
            try:
                os.killpg(process.pid, sign)
            except ProcessLookupError:
                break
            try:
                process.wait(_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def _environment(self, port: int) -> dict[str, str]:
        # Nothing of this process's own environment: the emulator hands all of its variables on to
        # the functions, which must see what the template gives them and no more.
        temporary = self._directory / "tmp"
        temporary.mkdir(exist_ok=True)
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self._directory),
            "TMPDIR": str(temporary),
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "MINISTACK_REGION": REGION,
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            # Two listeners of its own that would open on every interface.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.endpoint_url}/_ministack/ready", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        log = self.log_path.read_text(encoding="utf-8", errors="replace")
        raise EmulatorFailedError(f"the emulator did not start:\n{log[-_LOG_TAIL_CHARACTERS:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
