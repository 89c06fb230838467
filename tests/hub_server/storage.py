"""The large store: objects by the sha256 that was claimed for them."""

from hashlib import sha256


def flip_byte(content: bytes) -> bytes:
    """Returns the content with one bit of its middle byte changed; of nothing, one byte."""
    middle = len(content) // 2
    return content[:middle] + bytes([(content[middle : middle + 1] or b"\0")[0] ^ 1]) + (
        content[middle + 1 :]
    )  # fmt: skip


class Storage:
    """Objects, and parts of objects still under way."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        """Claimed sha256 -> content; they differ where an upload was corrupted."""
        self.downloads: dict[str, bytes] = {}
        """True sha256 -> content."""
        self.parts: dict[str, dict[int, bytes]] = {}

    def holds(self, oid: str) -> bool:
        """Returns whether the object is there and sound: what is not may be sent again."""
        return oid in self.objects and oid in self.downloads

    def put(self, oid: str, content: bytes, corrupt: bool = False) -> bool:
        """Returns whether the content is what it claims to be, and keeps it if so.

        The check comes before the damage: a corrupted object is one that rots in the store.
        """
        true = sha256(content).hexdigest()
        if true != oid:
            return False
        if corrupt:
            content = flip_byte(content)
            true = sha256(content).hexdigest()
            self.downloads.pop(oid, None)
        self.objects[oid] = content
        self.downloads[true] = content
        return True

    def put_part(self, oid: str, number: int, content: bytes) -> str:
        """Returns the part's ETag."""
        self.parts.setdefault(oid, {})[number] = content
        return sha256(content).hexdigest()

    def join_parts(self, oid: str, etags: list[str], corrupt: bool = False) -> bool:
        """Returns whether the parts are all there, in order, and make the object."""
        parts = [content for _, content in sorted(self.parts.get(oid, {}).items())]
        if [sha256(part).hexdigest() for part in parts] != etags:
            return False
        return self.put(oid, b"".join(parts), corrupt)
