s/^agent = {/agent = { ban = "3s";/
