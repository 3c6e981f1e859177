"""The channels a message can take. A channel sends one message; nothing here touches the database."""
