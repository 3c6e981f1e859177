"""The verbs of the business. A service never commits, never sees a web request, never calls WeChat."""
