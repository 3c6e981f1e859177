"""Telling partner platforms of each change of the cases they brought in, by signed webhook."""
