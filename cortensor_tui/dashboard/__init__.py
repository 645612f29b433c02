"""The terminal dashboard. `run_dashboard` in `cortensor_tui.dashboard.run` starts it."""
