"""Labs of the course, run in full: how long they take, and the pictures of their pages."""
