"""The business logic. A service never commits, never sees a web request, never calls WeChat."""
