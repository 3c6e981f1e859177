"""Papers that the utility makes: rendered, kept with their hash, confirmed on the customer's phone."""
