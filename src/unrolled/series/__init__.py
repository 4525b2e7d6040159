"""Tables of time series: data frames and files become panels on complete grids of timestamps."""
