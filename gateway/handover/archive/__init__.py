"""The audio of many jobs as one ZIP, whole or in part."""
