"""What the room orders and the device obeys: `inbox` takes, `ledger` remembers, the other files do."""
