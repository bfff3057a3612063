"""What people open by link: the tribute page and the state of an order."""
