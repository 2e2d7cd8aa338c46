"""Wrong: removes a copy when it is told that the Note is gone. Whoever is not listening then is never told."""

from notes import Notes

Notes(owned=False).run()
