"""The tables of the response log, and the statements that fill and read them."""

FORMAT = 1
TABLES = """
CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    base_url TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    failure INTEGER NOT NULL,       -- 0: an answer, fit or not; 1, 2, ...: tries that gave none
    task TEXT NOT NULL,
    item TEXT NOT NULL,
    model TEXT NOT NULL,
    marks BLOB NOT NULL,            -- what the key is made of, part by part, as JSON
    lane TEXT NOT NULL,             -- live, batch or recorded
    rung TEXT NOT NULL,             -- how the schema was asked for
    status INTEGER,                 -- HTTP status; null where no response came
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    arrived TEXT NOT NULL,          -- UTC
    response BLOB NOT NULL          -- the answer as JSON; of a failed try, what is known
);
CREATE UNIQUE INDEX tries ON exchanges (key, base_url, occurrence, failure);
CREATE TABLE batches (
    name TEXT PRIMARY KEY,          -- ours, given before the provider gives its own
    id TEXT,                        -- the provider's; null until it has answered
    base_url TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE pending (
    custom_id TEXT NOT NULL,
    batch TEXT NOT NULL REFERENCES batches (name) ON DELETE CASCADE,
    key TEXT NOT NULL,
    base_url TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    task TEXT NOT NULL,
    item TEXT NOT NULL,
    model TEXT NOT NULL,
    marks BLOB NOT NULL,
    PRIMARY KEY (key, base_url, occurrence)
);
"""
ADD = (
    "INSERT OR IGNORE INTO exchanges (key, base_url, occurrence, failure, task, item, model,"
    " marks, lane, rung, status, prompt_tokens, cached_tokens, completion_tokens, arrived,"
    " response) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
FIND = (
    "SELECT failure, lane, prompt_tokens, cached_tokens, completion_tokens, response"
    " FROM exchanges WHERE key = ? AND base_url = ? AND occurrence = ? ORDER BY failure"
)
COUNT = "SELECT count(*) FROM exchanges WHERE key = ? AND base_url = ? AND occurrence = ?"
