"""WeChat behind one port: what the product needs of the mini-program and of the service account."""
