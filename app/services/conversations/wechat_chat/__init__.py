"""What people write in WeChat's own chat windows."""
