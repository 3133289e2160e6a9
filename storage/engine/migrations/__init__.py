"""The schema's steps. Each is SQL for both engines, and imports nothing of ours: it stays what it was when it ran."""

BEFORE = frozenset(
    {
        *("0001_initial", "0002_rules", "0003_traces", "0004_pace", "0005_words", "0006_lesson", "0007_areas_expand"),
        *("0008_push_expand", "0009_spoken_expand", "0010_quiet_expand", "0011_listing_expand", "0012_urge_expand"),
        *("0013_ladder_expand", "0014_follow_expand", "0015_ending_expand", "0016_steps_expand"),
        *("0017_approval_expand", "0018_imports_expand", "0019_points_expand", "0020_holder_expand"),
    }
)
"""The migrations for which 0001_schema stands."""
LAST_WITH_THEM = "47ad8d3"
"""The commit whose program brings an older database to where this one can take it over."""
