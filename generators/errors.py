"""The errors of this package.

GeneratorError              anything a command explains in one line, exit status 1 if none is named
├── SourceError             game data, or a dataset folder, that cannot be read as it should
├── TemplateError           a template that is missing, or lacks a variable
├── FolderError             a dataset folder that cannot be written
├── WorkerError             a process of ours that was killed from outside
├── RequestError            a server that does not answer, or refuses for good
│   └── BudgetError         a request that could cost more than --max-cost leaves
├── Unfinished              a run that leaves requests in a folder for an engine to answer, status 0
├── ReplayError             a recorded answer that is missing, or a broken file of them
├── LogError                a response log that cannot be read or written
├── HubError                the Hub refuses, does not answer, or holds what must not be overwritten
│   └── OfflineError        no server takes a request, or none may be sent
├── ActivationError         a model that cannot be run, or cannot read what it is given
├── QualityError            a gate that fails where --strict is asked for
└── UsageError              an option whose value fits nothing that is there, exit status 2

Every message reads `<where>: <found>; expected <wanted>. <what to do>.`
"""

from generators.text import make_visible


class GeneratorError(Exception):
    """A failure that a user can do something about."""

    exit_status = 1

    def __init__(self, where: str, found: str, expected: str, remedy: str) -> None:
        super().__init__(where, found, expected, remedy)

    def __str__(self) -> str:
        where, found, expected, remedy = self.args
        line = f"{where}: {found}; expected {expected}. {remedy}."
        return make_visible(" ".join(line.split("\n")))


class SourceError(GeneratorError):
    """Game data, or a dataset folder, is missing, broken or of another form."""


class TemplateError(GeneratorError):
    """A template is missing, or asks for a variable it is not given."""


class FolderError(GeneratorError):
    """A dataset folder cannot be written, or is not ours to replace."""


class WorkerError(GeneratorError):
    """A process that was to read games is gone."""


class QualityError(GeneratorError):
    """A gate fails, and the run was asked to be strict."""


class HubError(GeneratorError):
    """The Hub refuses, does not answer for good, or holds what must not be overwritten."""


class OfflineError(HubError):
    """No server takes a request in any attempt, or the client is told to send none."""


class UsageError(GeneratorError):
    """An option names something that does not exist."""

    exit_status = 2


class RequestError(GeneratorError):
    """A server does not answer, or refuses what no retrying can cure."""


class BudgetError(RequestError):
    """The next request could cost more than is allowed."""


class Unfinished(GeneratorError):
    """A run leaves requests in a folder; once they are answered, the same call goes on."""

    exit_status = 0

    def __str__(self) -> str:
        where, found, _, remedy = self.args
        return make_visible(f"Ready in {where}: {found}. Next: {remedy}.")


class ReplayError(GeneratorError):
    """A recorded answer is missing, or the file of them is broken."""


class ActivationError(GeneratorError):
    """A model is not there, does not fit, or cannot read what it is given."""


class LogError(GeneratorError):
    """The response log cannot be read or written."""
