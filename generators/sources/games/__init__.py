"""Game data: menus with their options and labels, and which options contrast."""
