"""How the agent knows that it is well: pulses of its threads, alarms for people, the supervisor's watchdog."""
