"""The application form: prefilled, saved as a draft, checked as a whole."""
