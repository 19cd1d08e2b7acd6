"""What is kept of live video: recordings of drones and telephones, clips, and going back."""
