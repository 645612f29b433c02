"""`python -m cortensor_tui` is `cortensor-tui`."""

from cortensor_tui.cli.main import run

if __name__ == "__main__":
    run()
