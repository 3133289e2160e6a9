"""The same small bot written for other people's libraries, each unmodified, to run against our gateway."""
