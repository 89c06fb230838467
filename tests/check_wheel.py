"""Checks a built wheel: its files, its console script, and builds from another directory."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def list_folders(wheel: Path) -> set[str]:
    """Returns the top-level folders of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name.split("/")[0] for name in archive.namelist()}


def main(wheel: Path) -> None:
    """Stops with an assertion where the wheel is not what it should be."""
    folders = {name for name in list_folders(wheel) if not name.endswith(".dist-info")}
    assert folders == {"generators", "schemas"}, folders
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / "installed"
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*install, "--target", str(target), str(wheel)], check=True)
        environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}

        def run(*command: str) -> str:
            done = subprocess.run(
                command, cwd=temporary, env=environment, check=True, capture_output=True, text=True
            )
            return done.stdout

        for command in ("machiavelli", "concepts"):
            run(sys.executable, "-m", f"generators.{command}", "--out", command)
            assert (Path(temporary) / command / "manifest.json").is_file()
        script = str(target / "bin" / "contrapose")
        assert "contrapose machiavelli " in run(script)
        run(script, "machiavelli", "--limit", "8", "--no-report", "--out", "few")
        assert (Path(temporary) / "few" / "manifest.json").is_file()
        for package in ("generators", "schemas"):
            assert (target / package / "py.typed").is_file()
        assert (target / "generators" / "tokens" / "gpt2" / "LICENSE").is_file()
        assert (target / "generators" / "_templates" / "icl" / "v1" / "prompt.jinja").is_file()
    print(f"{wheel.name}: {', '.join(sorted(folders))}; builds both sets; runs contrapose")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
