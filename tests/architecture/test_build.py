"""Goal: what is deployed is what the template names, is small, and needs nothing from elsewhere.

Method: run the real `sam build`, once as it ships (the template's own runtime and architecture,
whatever this machine has) and once for this machine, whose Python then imports the handlers from
the built folders alone.
"""

import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import pytest

from tests.sandbox.aws.emulator import ROOT
from tests.sandbox.aws.template import load_template

PARAMETERS = load_template()["Parameters"]
TOOLS = ROOT / ".venvs" / "sam" / "bin"
LAYERS = ("DependenciesLayer", "CoreLayer")
FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

# ELF header, field e_machine. Source: elf(5).
MACHINE_OF = {"x86_64": 62, "arm64": 183}
MEGABYTE = 1_000_000
# What Lambda's Python runtimes bring along; requests takes urllib3 from our own layer.
SUPPLIED_BY_LAMBDA = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "SAM_CLI_TELEMETRY": "0",
        "UV_PYTHON_DOWNLOADS": "never",
        **variables,
    }


def build(directory: Path, variables: Mapping[str, str]) -> Path:
    assert (TOOLS / "sam").exists(), "run `make setup` first"
    done = subprocess.run(
        [TOOLS / "sam", "build", "--build-dir", directory],
        cwd=ROOT,
        env=environment(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages as they are deployed to AWS."""
    return build(tmp_path_factory.mktemp("shipped"), {})


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages for the Python that runs this test."""
    variables = {
        "TIEOUT_RUNTIME": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "TIEOUT_ARCHITECTURE": "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64",
    }
    return build(tmp_path_factory.mktemp("local"), variables)


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_every_compiled_module_is_for_the_runtime_and_architecture_that_the_template_names(
    shipped: Path,
) -> None:
    tag = PARAMETERS["PythonRuntime"]["Default"].replace("python3.", "cpython-3")
    machine = MACHINE_OF[PARAMETERS["Architecture"]["Default"]]
    compiled = [path for path in files(shipped) if ".so" in path.suffixes]

    assert any("lxml" in path.parts for path in compiled)
    for path in compiled:
        header = path.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == machine, path
        assert tag in path.name or "abi3" in path.name, path


def test_a_function_is_its_one_file(shipped: Path) -> None:
    for folder in FOLDERS:
        built = shipped / f"{folder.title()}Function"
        assert [path.name for path in files(built)] == ["app.py"]
        source = ROOT / "functions" / folder / "app.py"
        assert (built / "app.py").read_bytes() == source.read_bytes()


def test_the_core_layer_is_our_package_and_nothing_else(shipped: Path) -> None:
    layer = shipped / "CoreLayer"
    source = ROOT / "layers" / "core"
    expected = {
        Path("python") / path.relative_to(source)
        for path in files(source / "tieout")
        if "__pycache__" not in path.parts
    }
    assert {path.relative_to(layer) for path in files(layer)} == expected


def test_the_dependencies_layer_is_the_locked_list_and_nothing_else(shipped: Path) -> None:
    lines = (ROOT / "layers/dependencies/requirements.txt").read_text(encoding="utf-8").splitlines()
    locked = dict(line.split(" ")[0].split("==") for line in lines if "==" in line)
    found = metadata.distributions(path=[str(shipped / "DependenciesLayer" / "python")])

    assert {each.name.lower().replace("_", "-"): each.version for each in found} == locked
    names = {path.name for path in files(shipped / "DependenciesLayer")}
    assert not {name for name in names if name.endswith(".pyc")}


def test_the_packages_are_far_below_lambdas_limits(shipped: Path, tmp_path: Path) -> None:
    unzipped = sum(path.stat().st_size for path in files(shipped))
    # Lambda takes 250 MB for a function with its layers. Source: "Lambda quotas".
    assert unzipped < 60 * MEGABYTE
    archive = tmp_path / "layers.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for layer in LAYERS:
            for path in files(shipped / layer):
                packed.write(path, path.relative_to(shipped))
    assert archive.stat().st_size < 16 * MEGABYTE


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_handler_can_be_imported_from_its_package_alone(
    folder: str, local: Path, tmp_path: Path
) -> None:
    """Nothing leaks in from the tests or from this environment, and no variable is needed."""
    for name in SUPPLIED_BY_LAMBDA:
        module = metadata.distribution({"dateutil": "python-dateutil"}.get(name, name))
        location = Path(str(module.locate_file("")))
        single = location / f"{name}.py"
        found = single if single.exists() else location / name
        (tmp_path / found.name).symlink_to(found)
    path = [
        str(local / f"{folder.title()}Function"),
        str(local / "DependenciesLayer" / "python"),
        str(local / "CoreLayer" / "python"),
        str(tmp_path),
    ]
    program = f"import sys; sys.path += {path!r}; import app; print(callable(app.lambda_handler))"
    # -I and -S: neither PYTHON* variables, nor the current folder, nor site-packages.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")


def test_a_missing_wheel_stops_the_build(tmp_path: Path) -> None:
    recipe = ["make", "--makefile", str(ROOT / "layers/Makefile"), "build-DependenciesLayer"]
    done = subprocess.run(
        recipe,
        cwd=ROOT / "layers" / "dependencies",
        env=environment({"TIEOUT_RUNTIME": "python3.99", "ARTIFACTS_DIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "wheel" in done.stderr
    assert not list(tmp_path.rglob("*.dist-info"))
