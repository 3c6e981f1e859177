"""Documents: upload, access, short-lived links, requests within the program's number, deletion."""
