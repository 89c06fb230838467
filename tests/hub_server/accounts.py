"""Who may do what: four tokens, two users."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """What a token stands for."""

    user: str
    role: str
    """`write` or `read`."""
    expired: bool = False

    def may_write(self, namespace: str) -> bool:
        return self.role == "write" and self.user == namespace


@dataclass(frozen=True)
class Tokens:
    """Made-up tokens, in the form of real ones: `hf_` and 34 letters."""

    write: str = "hf_" + "testwrite".ljust(34, "W")
    read: str = "hf_" + "testread".ljust(34, "R")
    """Reads what `write` may read, and writes nothing."""
    expired: str = "hf_" + "testexpired".ljust(34, "E")
    stranger: str = "hf_" + "teststranger".ljust(34, "S")
    """A write token of another user."""

    def accounts(self, user: str) -> dict[str, Account]:
        """Returns token -> account."""
        return {
            self.write: Account(user, "write"),
            self.read: Account(user, "read"),
            self.expired: Account(user, "write", expired=True),
            self.stranger: Account("stranger", "write"),
        }
