"""Money asked of the customer: quotes and the choice among their options, payments."""
