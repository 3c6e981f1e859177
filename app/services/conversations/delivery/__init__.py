"""How a message reaches its reader: unread pushes, WeChat's reply windows, read positions."""
