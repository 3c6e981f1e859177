"""What comes in from WeChat: events of accounts and templates, the chat window, its pictures, its checks."""
