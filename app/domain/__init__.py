"""The business's own rules, pure: no web, no database, no WeChat; time is passed in."""
