"""What happens in several stories: each step is played over HTTP and checked."""
