"""Finds and renders templates; the only importer of jinja2."""

from functools import cache
from importlib.resources import files
from pathlib import Path

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from generators.errors import TemplateError


def find_templates() -> Path:
    """Returns the folder of templates: inside an installed package, else beside it."""
    package = Path(str(files("generators")))
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


def render(name: str, **variables: object) -> str:
    """Returns a template such as `icl/v1/prompt` with its variables filled in.

    A missing variable is an error, values are data and never code, and the file's last newline
    is not part of the text.

    Raises:
        TemplateError: there is no such template, or it lacks a variable.
    """
    try:
        return _environment().get_template(f"{name}.jinja").render(variables)
    except jinja2.TemplateNotFound as error:
        where, found = f"templates/{name}.jinja", "no such file"
        raise TemplateError(where, found, "a template", "Install the package again") from error
    except jinja2.TemplateError as error:
        where, found = f"templates/{name}.jinja", str(error.message)
        raise TemplateError(where, found, "every variable given", "Mend the template") from error


def list_variables(name: str) -> set[str]:
    """Returns the names that a template expects to be given."""
    environment = _environment()
    source = (find_templates() / f"{name}.jinja").read_text(encoding="utf-8")
    return meta.find_undeclared_variables(environment.parse(source))


@cache
def _environment() -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(find_templates(), encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
