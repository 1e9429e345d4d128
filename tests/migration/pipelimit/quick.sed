s/"timer_interval", 10/"timer_interval", 2/
s/window = "10s"/window = "2s"/
s/"TAILDROP", "100"/"TAILDROP", "20"/
s/limit = 100/limit = 20/
