"""企业微信 (WeCom): an application of the utility's that writes to staff."""
