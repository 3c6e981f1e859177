"""The meters that hang at customers' places."""
