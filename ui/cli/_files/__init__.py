"""What commands on files share: listing, reading ahead, computing and writing; files of codes."""
