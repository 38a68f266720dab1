"""What commands on files share: which files, reading ahead, computing, writing; codes as files."""
