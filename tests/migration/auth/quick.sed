s/autoexpire=900/autoexpire=4/
s/"15m"/"4s"/g
