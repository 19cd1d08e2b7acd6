"""What is found in a flight's footage: candidates, people's judgements of them, and their places."""
