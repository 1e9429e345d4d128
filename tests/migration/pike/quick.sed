s/ban = "5m"/ban = "2s"/
