"""Models of Keras in the running program."""
