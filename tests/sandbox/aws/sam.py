"""Run the real `sam build` and `sam deploy`, against the emulator and nothing else."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.aws.emulator import ACCESS_KEY_ID, PYTHON, REGION, ROOT, SECRET_ACCESS_KEY

_TOOLS = ROOT / ".venvs" / "sam" / "bin"
_NO_CHANGES = "No changes to deploy"


class SamFailedError(RuntimeError):
    """`sam` ended with an error; the message is what it printed."""


@dataclass(frozen=True, slots=True)
class Sam:
    """The SAM CLI, set up to build for this machine and to speak to one emulator.

    Attributes:
        directory: where builds go.
        endpoint_url: the emulator's.
        python_version: "3.11", say: of the interpreter under which the emulator runs functions.
    """

    directory: Path
    endpoint_url: str
    python_version: str

    def build(self) -> None:
        """Build every package for this machine's Python and processor.

        Raises:
            SamFailedError: when a package cannot be built.
        """
        self._run(
            ["build", "--build-dir", str(self._build), *self._parameters({})],
            cwd=ROOT,
        )

    def deploy(self, stack_name: str, parameters: Mapping[str, str]) -> bool:
        """Deploy what was built.

        Returns:
            Whether anything changed.

        Raises:
            SamFailedError: when the stack cannot be created or updated.
        """
        printed = self._run(
            [
                "deploy",
                "--template-file",
                str(self._build / "template.yaml"),
                "--stack-name",
                stack_name,
                "--resolve-s3",
                "--capabilities",
                "CAPABILITY_IAM",
                "--no-confirm-changeset",
                "--no-fail-on-empty-changeset",
                *self._parameters(parameters),
            ],
            # Away from samconfig.toml, whose stages and parameters are those of real accounts.
            cwd=self._build,
        )
        return _NO_CHANGES not in printed

    @property
    def _build(self) -> Path:
        return self.directory / "build"

    @property
    def _runtime(self) -> str:
        return f"python{self.python_version}"

    @property
    def _architecture(self) -> str:
        return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"

    def _parameters(self, parameters: Mapping[str, str]) -> list[str]:
        local = {"PythonRuntime": self._runtime, "Architecture": self._architecture}
        # Quoted for SAM's own parser, which would end a value at its first blank.
        return [
            "--parameter-overrides",
            *(f'{name}="{value}"' for name, value in {**local, **parameters}.items()),
        ]

    def _environment(self) -> dict[str, str]:
        # No profile, region or endpoint of the developer's own: a real account is never reached.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_"))}
        return {
            **inherited,
            "PATH": f"{_TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "NO_PROXY": "127.0.0.1,localhost",
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(self.directory / "sam"),
            "TIEOUT_RUNTIME": self._runtime,
            "TIEOUT_ARCHITECTURE": self._architecture,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def _run(self, arguments: Sequence[str], cwd: Path) -> str:
        sam = _TOOLS / "sam"
        if not sam.exists():
            raise SamFailedError(f"{sam} is missing: run `make setup`")
        done = subprocess.run(
            [sam, *arguments],
            cwd=cwd,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SamFailedError(f"sam {arguments[0]} failed:\n{done.stdout}")
        return done.stdout


def emulator_python_version() -> str:
    """Return the version, "3.11" say, of the interpreter under which functions will run."""
    program = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    return subprocess.run(
        [PYTHON, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
