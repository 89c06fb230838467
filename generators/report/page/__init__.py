"""`report.html`: one page of quality and rows that asks nothing of any server."""
