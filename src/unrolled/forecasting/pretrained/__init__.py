"""The pretrained network: trained on synthetic series, it forecasts others without further training."""
