"""Endpoints for managers, department staff and supervisors."""
