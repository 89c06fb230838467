"""Lists the commands."""

import ast
from pathlib import Path

COMMANDS = ("machiavelli", "doctor")


def main() -> None:
    """Prints each command with the first line of its description."""
    for name in COMMANDS:
        source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        description = ast.get_docstring(ast.parse(source)) or ""
        print(f"python -m generators.{name:<12} {description.splitlines()[0]}")
    print("Each takes --help.")


if __name__ == "__main__":
    main()
