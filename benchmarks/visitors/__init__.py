"""What an app costs that many visit."""
