"""Writes the golden prompts anew: python tests/write_golden_prompts.py. Read the difference."""

import sys
from pathlib import Path

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS / "writing"), str(TESTS), str(TESTS.parent)]

from test_tasks import GOLDEN, list_requests  # noqa: E402

if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for request in list_requests():
        for message in request.body["messages"]:
            path = GOLDEN / f"{request.task.replace('/', '-')}-{message['role']}.txt"
            path.write_text(message["content"] + "\n", encoding="utf-8", newline="\n")
