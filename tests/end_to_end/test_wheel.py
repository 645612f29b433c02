"""What an installed wheel has: the program, the themes, the contracts, and nothing from the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_it_carries_what_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    themes = {f"cortensor_tui/themes/{file.name}" for file in (REPOSITORY / "themes").glob("*.toml")}
    assert themes
    assert names >= themes
    assert {
        "cortensor_tui/chain/networks/networks.toml",
        "cortensor_tui/chain/contracts/signatures.json",
        "cortensor_tui/domain/network_models.toml",
        "cortensor_tui/devnet/artifacts/SessionV2.json",
        "cortensor_tui/dashboard/app.tcss",
        "cortensor_tui/py.typed",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_it_finds_its_themes_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    ask = (
        "import cortensor_tui, cortensor_tui.dashboard.themes as t;"
        "print(cortensor_tui.__file__); print(sorted(p.name for p in t.shipped_folder().glob('*.toml')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {ask}"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert said[0].startswith(str(tmp_path))
    assert said[1] == str(sorted(file.name for file in (REPOSITORY / "themes").glob("*.toml")))


def test_an_editable_install_finds_its_themes() -> None:
    from cortensor_tui.dashboard.themes import shipped_folder

    assert list(shipped_folder().glob("*.toml"))
