"""Tables of time series: frames and files become panels on complete grids of stamps."""
