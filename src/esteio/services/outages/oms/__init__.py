"""Reading the distributor's outage management system: what is asked, how, and what its rows say."""
