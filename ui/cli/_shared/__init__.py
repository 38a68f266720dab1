"""What commands share: options, progress bars, tables and timing."""
