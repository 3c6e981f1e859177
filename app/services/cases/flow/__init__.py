"""The course of a case: its log, its clock, its tasks, and the moves that its program allows."""
