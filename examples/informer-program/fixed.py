"""Right: each copy names its Note as owner, and the garbage collector removes it, whoever was listening."""

from notes import Notes

Notes(owned=True).run()
