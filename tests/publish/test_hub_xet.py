"""The Xet lane of the Hub server: what it is sent it can put together again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hub_server import HubServer, make_environment
from hub_server.xet_store import unpack

PUSH = """
import sys
from huggingface_hub import CommitOperationAdd, HfApi
api = HfApi(token=sys.argv[1])
api.create_repo("u/n", repo_type="dataset", exist_ok=True)
operations = [CommitOperationAdd("rows.parquet", sys.argv[2])]
api.create_commit("u/n", operations, commit_message="Rows", repo_type="dataset")
"""


def test_xet_sends_what_changed(tmp_path: Path) -> None:
    """One row in a hundred, side by side, costs a tenth of the bytes at most.

    Of this file, that is: where the change falls decides. Five other places took 2 to 9 % of the
    bytes, and one 34 %; the same number of rows scattered takes nearly all.
    """
    random = np.random.default_rng(0)
    texts = [random.bytes(100).hex() for _ in range(50_000)]
    changed = [t[::-1] if 30_000 <= row < 30_500 else t for row, t in enumerate(texts)]
    contents = [
        write_rows(tmp_path / f"{name}.parquet", values)
        for name, values in (("before", texts), ("after", changed))
    ]
    sent: list[int] = []
    with HubServer() as hub:
        for name in ("before", "after"):
            subprocess.run(
                [sys.executable, "-c", PUSH, hub.tokens.write, tmp_path / f"{name}.parquet"],
                env=make_environment(hub.url, tmp_path / "home", xet=True),
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
            sent.append(hub.uploaded_bytes.pop("xet"))
        assert hub.repositories["u/n"].files()["rows.parquet"] == contents[1]
        assert "lfs" not in hub.uploaded_bytes
    assert sent[1] <= sent[0] / 10


def test_chunks_are_unpacked() -> None:
    lz4 = pa.Codec("lz4")
    assert unpack(b"abc", 0, 3) == b"abc"
    assert unpack(lz4.compress(b"abcde", asbytes=True), 1, 5) == b"abcde"
    # Grouped by position in fours: A1 B1 | A2 B2 | A3 | A4
    grouped = lz4.compress(b"aebfcd", asbytes=True)
    assert unpack(grouped, 2, 6) == b"abcdef"


def write_rows(path: Path, texts: list[str]) -> bytes:
    table = pa.table({"n": range(len(texts)), "text": texts})
    pq.write_table(table, path, use_content_defined_chunking=True, write_page_index=True)
    return path.read_bytes()
