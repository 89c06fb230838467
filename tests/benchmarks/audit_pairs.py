"""Reads the rows of a published config as pairs of texts, with code of its own (see `audit.py`)."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from audit_rows import SIDES

Pairs = pd.DataFrame
"""A row a pair: `item` (the id of its row), part, group, unit, split, core, positive, negative."""


def read_config(folder: Path, config: str) -> pa.Table:
    """Returns all rows of a config."""
    return pa.concat_tables(map(pq.read_table, sorted((folder / config).glob("*.parquet"))))


def read_pairs(config: str, rows: pd.DataFrame) -> Pairs:
    """Returns the two sides of each row, of each twin, or of each match with each that is none."""
    rows = rows.assign(item=rows["id"], core=rows["tier"] == "core" if "tier" in rows else False)
    if config in ("contrastive", "multiple_choice", "icl"):
        rows = rows.assign(part=rows["behavior"], unit=rows["decision_id"])
    else:
        rows = rows.assign(part=rows["theme"])
    if config == "multiple_choice":
        poles = ["matching", "not_matching"]
        rows = rows.explode(poles[0]).explode(poles[1]).dropna(subset=poles)
        sides = [
            [choices[place] for choices, place in zip(rows["choices"], rows[name], strict=True)]
            for name in poles
        ]
        rows = rows.assign(positive=sides[0], negative=sides[1])
    elif config == "icl":
        rows = rows.assign(**{side: [query[side] for query in rows["query"]] for side in SIDES})
    elif config == "minimal_pairs":
        rows = rows.assign(unit=rows["contrast"] + " in " + rows["template"])
    elif config == "insertions":
        unit = rows["concept"] + " in " + rows["scenario"]
        rows = rows.assign(unit=unit, positive=rows["inserted"], negative=rows["control"])
    elif config == "relations":
        paths, subjects = map("-".join, rows["edge_path"]), (path[0] for path in rows["edge_path"])
        rows = rows.assign(unit=list(paths), group=list(subjects))
        rows = join_twins(rows, "conclusion", rows["valid"])
    elif config == "associations":
        rows = rows.assign(unit=rows["target"] + " in " + rows["template"])
        rows = join_twins(rows, "text", rows["valence"] == "positive")
    kept = ["item", "part", "group", "unit", "split", "core", "positive", "negative"]
    extra = ["concept", "control_concept"] if config == "insertions" else []
    return rows[kept + extra].reset_index(drop=True)


def join_twins(rows: pd.DataFrame, text: str, positive: "pd.Series[bool]") -> pd.DataFrame:
    """Returns the positive one of each two twins, with the text of both."""
    others = rows[~positive].set_index("id")[text].rename("negative")
    joined = rows[positive].join(others, on="counterpart_id", how="inner")
    return joined.rename(columns={text: "positive"})
