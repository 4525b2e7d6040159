def command():
    pass
