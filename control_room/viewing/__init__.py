"""Who may watch which camera, and the reasons under which recordings of people are looked at."""
