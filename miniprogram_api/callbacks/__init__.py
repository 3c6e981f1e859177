"""What WeChat tells us: two accounts, two addresses, two sets of keys."""
