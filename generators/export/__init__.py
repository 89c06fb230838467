"""How an export is written: rows from Parquet, through a format, into a folder."""
