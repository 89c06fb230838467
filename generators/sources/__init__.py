"""Where records come from: pure reading, no model."""
