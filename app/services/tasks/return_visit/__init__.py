"""What a return visit needs beside its outputs: the tries to reach the customer."""
