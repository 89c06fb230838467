"""Rows for people to judge: a sheet that is written, and what comes of it when it is read."""

from generators.report.audit_sheet.reading import read_sheet
from generators.report.audit_sheet.writing import write_sheet

__all__ = ["read_sheet", "write_sheet"]
