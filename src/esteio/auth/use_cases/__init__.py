"""What can be done: one function a verb. What is done to keys, users, roles and tenants is audited where it is done."""
