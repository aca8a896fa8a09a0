"""The notifier: tells the person who uploaded a video how the job ended, by mail."""
