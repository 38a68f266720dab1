"""What the tabs share: texts, the context they are built in, the picture input, the sketch pad."""
