"""Papers (协议、合同): rendered, stored with their hash, confirmed on the customer's phone."""
