"""What the office's files became: see storage/imports."""
