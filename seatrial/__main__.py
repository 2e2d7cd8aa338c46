"""`python -m seatrial`: the command."""

from seatrial.command import main

if __name__ == "__main__":
    main()
