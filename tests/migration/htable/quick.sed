s/autoexpire=300/autoexpire=4/
s/ban = "5m"/ban = "4s"/
