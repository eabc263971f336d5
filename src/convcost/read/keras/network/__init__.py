"""Configurations of Keras as networks, wherever they come from: code, files, live models."""
