"""The use cases (receive, process, poll) and the ports they need from the outside world."""
